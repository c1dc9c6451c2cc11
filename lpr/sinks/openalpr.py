"""The JSON of ``alpr -j`` (OpenALPR 2.3), for scripts that parse it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lpr.sinks.records import TextSink
from lpr.types import Frame, Plate, Timing

_TOP = 10  # Candidates of a plate, as alpr gives by default


class OpenAlprSink(TextSink):
    """Writes one ``alpr_results`` object per picture or frame, also without plates.

    Confidences are 0..100 there. ``epoch_time`` is when the frame was taken, in ms, 0 if unknown;
    ``processing_time_ms`` is 0 unless timings are asked for.
    """

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        took = 0.0 if timing is None else round(timing.ms, 3)
        record = {
            "version": 2,
            "data_type": "alpr_results",
            "epoch_time": round(1000 * (frame.clock or 0)),
            "img_width": frame.width,
            "img_height": frame.height,
            "processing_time_ms": took,
            "regions_of_interest": [],
            "results": [_result(index, plate, took) for index, plate in enumerate(plates)],
        }
        self._put(json.dumps(record) + "\n")


def _result(index: int, plate: Plate, took: float) -> dict[str, object]:
    appearance = plate.reading.appearance
    fits = int(plate.region is not None)
    others = [(a.text, a.confidence, 0) for a in plate.reading.alternatives if a.text != plate.text]
    candidates = [(plate.text, plate.confidence, fits), *others][:_TOP]
    return {
        "plate": plate.text,
        "confidence": _percent(plate.confidence),
        "matches_template": fits,
        "plate_index": index,
        "region": plate.region or "",
        "region_confidence": _percent(appearance.region_confidence) if appearance else 0.0,
        "processing_time_ms": took,
        "requested_topn": _TOP,
        "coordinates": [{"x": round(x), "y": round(y)} for x, y in plate.detection.quad],
        "candidates": [
            {"plate": text, "confidence": _percent(share), "matches_template": fit}
            for text, share, fit in candidates
        ],
    }


def _percent(share: float) -> float:
    return round(100 * float(share), 4)
