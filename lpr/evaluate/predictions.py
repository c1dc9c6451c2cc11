"""Outputs of any system, read from records such as ``lpr detect`` writes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lpr.errors import SourceError
from lpr.evaluate.outcome import Outcome
from lpr.evaluate.report import Report
from lpr.labels import LabelledPicture, normalise
from lpr.types import Box, Detection, Plate, Reading, Timing

# What json raises for deep nesting, and what a number beyond the range of float raises
_MALFORMED = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass
class Prediction:
    """A system's output for one picture."""

    plates: list[Plate] = field(default_factory=list)
    timing: Timing | None = None


def read_predictions(file: Path) -> dict[str, Prediction]:
    """The records of a JSON Lines file by their picture's name (without its folder).

    Each line is an object with ``source`` and ``plates``; each plate has ``box`` (x0, y0, x1, y1 in
    pixels), ``text`` and, optionally, ``confidence`` and ``detection_confidence``. ``ms`` and
    ``stages`` are optional. Lines of another ``type`` than ``"frame"`` are skipped. Raises
    :class:`SourceError` if the file is missing or malformed, or two pictures have the same name.
    """
    predictions: dict[str, Prediction] = {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read ({error})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if record.get("type", "frame") != "frame":
                continue
            name, prediction = Path(record["source"]).name, _prediction(record)
        except json.JSONDecodeError as error:
            raise SourceError(
                f"{file}, line {number}: no record, as it is no JSON ({error.msg}); a killed "
                "program leaves a line cut short: remove it, or read the picture again"
            ) from error
        except _MALFORMED as error:
            raise SourceError(
                f"{file}, line {number}: no record of a picture ({error}); it needs source and "
                "plates with box and text, as lpr detect writes them"
            ) from error
        if name in predictions:
            raise SourceError(f"{file}, line {number}: a second record of {name}")
        predictions[name] = prediction
    if not predictions:
        raise SourceError(f"{file}: holds no record of a picture")
    return predictions


def score_predictions(
    predictions: Mapping[str, Prediction], pictures: Iterable[LabelledPicture]
) -> Report:
    """Score predictions; raises :class:`SourceError` if a picture has none."""
    report = Report()
    for picture in pictures:
        prediction = predictions.get(picture.path.name)
        if prediction is None:
            raise SourceError(
                f"the predictions hold no record of {picture.path.name}; write one with an empty "
                "list of plates if the system finds none"
            )
        report.outcomes.append(Outcome.of(picture, prediction.plates, timing=prediction.timing))
    return report


def _prediction(record: Mapping[str, Any]) -> Prediction:
    plates = [_plate(plate) for plate in record["plates"]]
    timing = None
    if record.get("ms") is not None:
        stages = {str(name): float(ms) for name, ms in (record.get("stages") or {}).items()}
        timing = Timing(float(record["ms"]), stages)
        if not all(map(math.isfinite, (timing.ms, *stages.values()))):
            raise ValueError("ms is not finite")
    return Prediction(plates, timing)


def _plate(plate: Mapping[str, Any]) -> Plate:
    x0, y0, x1, y1 = (float(value) for value in plate["box"])
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x0 > x1 or y0 > y1:
        raise ValueError(f"{plate['box']} is not a box")
    box = Box(x0, y0, x1, y1)
    detection = Detection(box, box.quad, _confidence(plate, "detection_confidence"))
    return Plate(detection, Reading(normalise(plate["text"]), _confidence(plate, "confidence")))


def _confidence(plate: Mapping[str, Any], key: str) -> float:
    """The value of ``key`` in 0..1; 0 if it is missing."""
    confidence = float(plate.get(key) or 0.0)
    if not 0 <= confidence <= 1:
        raise ValueError(f"{key} {confidence} is not in 0..1")
    return confidence
