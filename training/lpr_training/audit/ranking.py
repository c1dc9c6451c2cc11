"""Ranks the labels of a set, the most suspicious first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpr.errors import SourceError, wrap_plugin_errors
from lpr.evaluate.outcome import FOUND_IOU
from lpr.reader import Reader
from lpr.recognition.ctc_reader import CtcReader
from lpr.regions import match
from lpr.types import Box, Crop, Detection, Image, Reading
from lpr_training.audit.likelihood import disagreement, disagreement_of_reading
from lpr_training.audit.table import Label
from lpr_training.labelling.pictures import load_picture

IMPOSSIBLE = 100.0
"""Nats for a label that the recognizer cannot output; more than for any that it can."""
MAX_DISAGREEMENT = 80.0
"""The upper bound of the disagreement with a label that the recognizer can output, in nats."""
ILLEGAL = 7.0
"""Nats for a text that fits no format: about ln(1000), for one legal plate in a thousand."""
ELSEWHERE = 3.0
"""The upper bound for a box that the detector places elsewhere, in nats."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label and the model's view of it; the higher the ``score``, the more suspicious.

    ``score`` is a sum of log odds, in nats:

    * ``disagreement``: the log ratio of the recognizer's probabilities of its reading and of the
      label (:mod:`lpr_training.audit.likelihood`), up to 80; small for pictures that are hard to
      read. 100 for a label with unknown characters or too many of them.
    * 7 for a text that fits no format of the regions: less than a confident disagreement.
    * up to 3 for a box: the detector's confidence in another box times 1 - IoU of the two.

    ``display`` is the reading with its region's separators, ``model_box`` the other box.
    """

    label: Label
    picture: Path
    reading: Reading
    display: str | None
    disagreement: float
    is_illegal: bool
    score: float
    reasons: tuple[str, ...]
    model_box: Box | None

    def as_dict(self) -> dict[str, Any]:
        """The record of ``lpr data audit``, without the rank."""
        return {
            "file": self.label.file,
            "box": list(self.label.box),
            "label": self.label.text,
            "reading": self.reading.text,
            "confidence": round(float(self.reading.confidence), 4),
            "disagreement": round(self.disagreement, 2),
            "score": round(self.score, 2),
            "reasons": list(self.reasons),
            "model_box": self.model_box and [round(v, 1) for v in self.model_box],
        }


def rank(
    reader: Reader, pictures: Iterable[tuple[Path, Sequence[Label]]]
) -> tuple[list[Suspect], list[SourceError]]:
    """Rank every label with a text, the most suspicious first; ties go by ascending confidence of
    the reading. Also returns the errors of unreadable pictures."""
    suspects: list[Suspect] = []
    failures: list[SourceError] = []
    for path, labels in pictures:
        if not any(label.is_text for label in labels):
            continue
        try:
            image = load_picture(path)
        except SourceError as error:
            failures.append(error)
            continue
        suspects += _suspects_in(reader, path, image, labels)
    suspects.sort(key=lambda suspect: (-suspect.score, suspect.reading.confidence))
    return suspects, failures


def _suspects_in(
    reader: Reader, path: Path, image: Image, labels: Sequence[Label]
) -> list[Suspect]:
    elsewhere = _elsewhere([label.box for label in labels], reader.find(image))
    places = [place for label, place in zip(labels, elsewhere, strict=True) if label.is_text]
    known = [label for label in labels if label.is_text]
    read = _read(reader, image, known)
    return [
        _suspect(reader, path, image, label, reading, nats, place)
        for label, place, (reading, nats) in zip(known, places, read, strict=True)
    ]


def _read(reader: Reader, image: Image, labels: Sequence[Label]) -> list[tuple[Reading, float]]:
    """The reading of each labelled box, and its disagreement with the label in nats."""
    crops = [Crop(image, label.box.quad) for label in labels]
    recognizer = reader.recognizer
    if not isinstance(recognizer, CtcReader):
        readings = reader.recognize(crops)
        return [
            (reading, disagreement_of_reading(reading, label.known))
            for label, reading in zip(labels, readings, strict=True)
        ]
    spec = recognizer.network.spec
    with wrap_plugin_errors(f"recognizer {type(recognizer.network).__name__}"):
        outputs = recognizer.outputs(crops)
    return [
        (recognizer.calibrated(k), disagreement(k.logits, spec, label.known, k.reading.text))
        for label, k in zip(labels, outputs, strict=True)
    ]


def _elsewhere(boxes: Sequence[Box], found: Sequence[Detection]) -> list[tuple[Box, float] | None]:
    """For each labelled box, the detector's other box of the plate and its score in nats; None if
    the detector agrees or has no other box."""
    met = [max((box.iou(d.box) for d in found), default=0.0) >= FOUND_IOU for box in boxes]
    free = [d for d in found if all(d.box.iou(box) < FOUND_IOU for box in boxes)]
    places: list[tuple[Box, float] | None] = []
    for box, is_met in zip(boxes, met, strict=True):
        # An overlapping detection is another box of the same plate. A distant one counts as such
        # only if there is one label and one detection; else it is a plate without a label.
        alone = len(boxes) == len(found) == 1
        near = [d for d in free if d.box.iou(box) > 0 or alone]
        if is_met or not near:
            places.append(None)
            continue
        best = max(near, key=lambda d: (d.box.iou(box), d.confidence))
        places.append((best.box, ELSEWHERE * best.confidence * (1 - best.box.iou(box))))
    return places


def _suspect(
    reader: Reader,
    path: Path,
    image: Image,
    label: Label,
    reading: Reading,
    nats: float,
    place: tuple[Box, float] | None,
) -> Suspect:
    is_possible = nats < math.inf and not label.strange
    nats = min(nats, MAX_DISAGREEMENT) if is_possible else IMPOSSIBLE
    is_illegal = bool(reader.regions) and match(label.known, reader.regions) is None
    codes = ", ".join(region.code for region in reader.regions)
    content = label.strange or label.known
    reasons = {
        f"the model cannot read what the label holds: {content}": not is_possible,
        f"the label fits no format of {codes}": is_illegal,
        "the model reads nothing": not reading.text,
        "the model reads something else": reading.text not in ("", label.known),
        "the box shows nothing of the picture": _is_outside(label.box, image),
        "the model's box is elsewhere": place is not None,
    }
    matched = match(reading.text, reader.regions)
    return Suspect(
        label,
        path,
        reading,
        display=matched.display if matched else None,
        disagreement=nats,
        is_illegal=is_illegal,
        score=nats + ILLEGAL * is_illegal + (place[1] if place else 0.0),
        reasons=tuple(reason for reason, holds in reasons.items() if holds),
        model_box=place[0] if place else None,
    )


def _is_outside(box: Box, image: Image) -> bool:
    height, width = image.shape[:2]
    return box.area <= 0 or min(box.x1, box.y1, width - box.x0, height - box.y0) <= 0
