"""Where a picture's milliseconds go: the stages of the reader, one runtime beside the other.

Usage: ``python benchmarks/pipeline.py [FOLDER [SPLIT]]``, a folder with a ``labels.csv``; without
one, the shipped samples are looked at.

Every runtime that works here reads the same pictures on one thread, in turn, so that whatever else
the machine does slows all of them; the table gives medians, the last column the ratio to the first
row's. Before, the runtimes are held against each other: the same boxes, the same texts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2

import lpr
from lpr.labels import read_labels
from lpr.loading import registry
from lpr.runtimes.select import problem_of
from lpr.types import Image, Plate, Timing
from lpr.utils.timing import measuring

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
ROUNDS = 5
AGREE_IOU = 0.99


def main() -> None:
    pictures = load(*sys.argv[1:3])
    cv2.setNumThreads(1)
    runtimes = sorted(registry().detector_runtimes, key=lambda runtime: -runtime.priority)
    names = [r.name for r in runtimes if r.device == "cpu" and problem_of(r) is None]
    readers = {name: lpr.load(backend=name, threads=1) for name in names}
    outputs = {name: [reader.read(p) for p in pictures] for name, reader in readers.items()}
    for name in names[1:]:
        print(f"{name} and {names[0]}: {agreement(outputs[names[0]], outputs[name])}")
    timings: dict[str, list[Timing]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for picture in pictures:
            for name, reader in readers.items():
                with measuring() as clock:
                    reader.read(picture)
                timings[name].append(clock.timing())
    stages = list(dict.fromkeys(s for t in timings[names[0]] for s in t.stages))
    print(f"\n{len(pictures)} pictures, {ROUNDS} rounds, one thread, median milliseconds\n")
    print("| runtime |", " | ".join(stages), "| rest | all | ratio |")
    print("| --- |", " | ".join("---" for _ in stages), "| --- | --- | --- |")
    first = median(t.ms for t in timings[names[0]])
    for name in names:
        shares = [median(t.stages.get(stage, 0.0) for t in timings[name]) for stage in stages]
        rest = median(t.ms - sum(t.stages.values()) for t in timings[name])
        whole = median(t.ms for t in timings[name])
        cells = [f"{value:.2f}" for value in (*shares, rest, whole, whole / first)]
        print(f"| {name} |", " | ".join(cells), "|")


def load(folder: str | None = None, split: str | None = None) -> list[Image]:
    if folder:
        files = [picture.path for picture in read_labels(Path(folder), split)]
    else:
        files = sorted(SAMPLES.glob("*.jpg"))
    return [image for file in files if (image := cv2.imread(str(file))) is not None]


def agreement(ours: list[list[Plate]], theirs: list[list[Plate]]) -> str:
    """How many plates of one run the other has too: its box at IoU 0.99, its text."""
    pairs = alike = texts = 0
    for first, second in zip(ours, theirs, strict=True):
        for plate in first:
            best = max(second, key=lambda other: plate.box.iou(other.box), default=None)
            pairs += 1
            if best is not None and plate.box.iou(best.box) >= AGREE_IOU:
                alike += 1
                texts += best.text == plate.text
    return f"of {pairs} plates {alike} have a box with IoU {AGREE_IOU} or more, {texts} its text"


if __name__ == "__main__":
    main()
