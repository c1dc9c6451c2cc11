"""Any system's outputs, from a file of records as ``lpr detect`` writes them."""

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


@dataclass
class Prediction:
    """What a system gave for one picture."""

    plates: list[Plate] = field(default_factory=list)
    timing: Timing | None = None


def read_predictions(file: Path) -> dict[str, Prediction]:
    """The records of a JSON Lines file by their picture's name (without its folder).

    Each line is an object with ``source`` and ``plates``, each of these with ``box`` (x0, y0, x1,
    y1 in pixels) and ``text`` and, where known, ``confidence`` and ``detection_confidence``; ``ms``
    and ``stages`` are taken where they are there. Lines of another ``type`` than ``"frame"`` are
    skipped. Raises :class:`SourceError` for a file that is missing or holds something else, and
    where two records are of pictures of one name.
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
        except (AttributeError, KeyError, TypeError, ValueError) as error:
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
    """Hold predictions against labels; raises :class:`SourceError` where a picture has none."""
    report = Report()
    for picture in pictures:
        prediction = predictions.get(picture.path.name)
        if prediction is None:
            raise SourceError(
                f"the predictions hold no record of {picture.path.name}; a system that finds "
                "nothing there has to say so with an empty list of plates"
            )
        report.outcomes.append(Outcome.of(picture, prediction.plates, timing=prediction.timing))
    return report


def _prediction(record: Mapping[str, Any]) -> Prediction:
    plates = [_plate(plate) for plate in record["plates"]]
    timing = None
    if record.get("ms") is not None:
        stages = {str(name): float(ms) for name, ms in (record.get("stages") or {}).items()}
        timing = Timing(float(record["ms"]), stages)
    return Prediction(plates, timing)


def _plate(plate: Mapping[str, Any]) -> Plate:
    x0, y0, x1, y1 = (float(value) for value in plate["box"])
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x0 > x1 or y0 > y1:
        raise ValueError(f"{plate['box']} is no box")
    box = Box(x0, y0, x1, y1)
    place, text = (_confidence(plate, key) for key in ("detection_confidence", "confidence"))
    detection = Detection(box, box.quad, place)
    reading = Reading(normalise(plate["text"]), text)
    return Plate(detection, reading)


def _confidence(plate: Mapping[str, Any], key: str) -> float:
    """Where it is not known, 0."""
    confidence = float(plate.get(key) or 0.0)
    if not 0 <= confidence <= 1:
        raise ValueError(f"{key} {confidence} does not lie in 0..1")
    return confidence
