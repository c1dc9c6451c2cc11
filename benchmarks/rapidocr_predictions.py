"""A general OCR's readings of whole pictures, as records that ``lpr eval --predictions`` scores.

Usage, in an environment of its own (``pip install rapidocr onnxruntime``; its wheel brings the
models), since it wants another OpenCV than lpr does::

    python benchmarks/rapidocr_predictions.py FOLDER SPLIT > rapidocr.jsonl
    python benchmarks/rapidocr_predictions.py FOLDER SPLIT --no-direction > rapidocr.jsonl
    lpr eval FOLDER --split SPLIT --predictions rapidocr.jsonl

RapidOCR finds and reads every line of text in a picture. A line counts as a plate where its
letters and digits, separators dropped, have one of the formats that Taiwan's plates have: without
that, every shop sign would be a false reading. By default RapidOCR classifies the direction of each
line and turns what it takes for upside down; ``--no-direction`` leaves this out. One thread; ``ms``
is the processor time of the decoded picture, which other programs of the machine affect least.
"""

from __future__ import annotations

import csv
import json
import logging
import re
import sys
import time
from pathlib import Path

import cv2
from rapidocr import RapidOCR

# Four to seven characters: letters and digits in the groups of lpr/regions/taiwan.py.
FORMATS = re.compile(
    "[A-Z]{3}[0-9]{3,4}|[0-9]{3}[A-Z]{3}|[A-Z0-9]{2}[0-9]{2,4}|[0-9]{2,4}[A-Z0-9]{2}"
    "|[A-Z0-9]{3}[0-9]{3}|[0-9]{3}[A-Z0-9]{3}"
)


def main(folder: Path, split: str, direction: bool) -> None:
    logging.disable(logging.WARNING)
    cv2.setNumThreads(1)
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 1}
    engine = RapidOCR(params={**threads, "Global.use_cls": direction})
    with (folder / "labels.csv").open(newline="", encoding="utf-8-sig") as stream:
        names = dict.fromkeys(r["file"] for r in csv.DictReader(stream) if r.get("split") == split)
    for name in names:
        image = cv2.imread(str(folder / "images" / name))
        start = time.process_time()
        result = engine(image)
        ms = (time.process_time() - start) * 1000
        lines = zip(result.boxes, result.txts, result.scores, strict=True) if result.txts else ()
        plates = [plate for line in lines if (plate := as_plate(*line))]
        print(json.dumps({"source": name, "plates": plates, "ms": round(ms, 2)}), flush=True)


def as_plate(corners, line: str, score: float) -> dict[str, object] | None:
    text = "".join(c for c in line.upper() if c.isascii() and c.isalnum())
    if not FORMATS.fullmatch(text) or text.isalpha():
        return None
    xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    box = [min(xs), min(ys), max(xs), max(ys)]
    return {"text": text, "box": box, "confidence": round(float(score), 4)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], "--no-direction" not in sys.argv[3:])
