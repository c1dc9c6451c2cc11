"""The labels of a set, the most suspicious first."""

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
"""Nats for a label that the recognizer cannot give at all; whatever it can, counts less."""
_MOST = 80.0
ILLEGAL = 7.0
"""Nats for a text that no format allows: of a thousand labels, one is of such a plate."""
ELSEWHERE = 3.0
"""Nats, at most, for a box that the detector sees elsewhere."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label and what a model says of it; the greater the ``score``, the more suspicious.

    ``score`` is in nats, a sum of logarithms of odds:

    * ``disagreement``: how much more probable the recognizer holds its reading of the labelled box
      to be than the label (:mod:`lpr_training.audit.likelihood`), 80 at most. It is small where
      the picture is hard to read, whatever was read. 100 for a label with characters that the
      recognizer does not know, or too many of them.
    * 7 for a text that fits no format of the regions: above all that a model does not object to,
      below what it is certain of.
    * up to 3 for a box, the detector's confidence in another place times what of the union of the
      two boxes they do not share. Where it finds nothing, nothing is said.

    ``display`` is the reading as its region writes it, ``model_box`` the other place.
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
        """The suspect as it stands in a record of ``lpr data audit``, without its rank."""
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


@dataclass(frozen=True, slots=True)
class Ranking:
    """The suspects, the most suspicious first, and what is wrong with pictures that could not be
    looked at."""

    suspects: list[Suspect]
    failures: list[SourceError]


def rank(reader: Reader, pictures: Iterable[tuple[Path, Sequence[Label]]]) -> Ranking:
    """Look at every label with a text in its picture; equal scores go by the reading's confidence,
    the least first. A picture that cannot be read costs only its own labels."""
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
        suspects += _looked_at(reader, path, image, labels)
    suspects.sort(key=lambda suspect: (-suspect.score, suspect.reading.confidence))
    return Ranking(suspects, failures)


def _looked_at(reader: Reader, path: Path, image: Image, labels: Sequence[Label]) -> list[Suspect]:
    elsewhere = _elsewhere([label.box for label in labels], reader.find(image))
    known = [
        (label, place) for label, place in zip(labels, elsewhere, strict=True) if label.is_text
    ]
    read = _read(reader, image, [label for label, _ in known])
    return [
        _suspect(reader, path, image, label, reading, nats, place)
        for (label, place), (reading, nats) in zip(known, read, strict=True)
    ]


def _read(reader: Reader, image: Image, labels: Sequence[Label]) -> list[tuple[Reading, float]]:
    """What is read in each labelled box, and how far the label disagrees with it, in nats."""
    crops = [Crop(image, label.box.quad) for label in labels]
    recognizer = reader.recognizer
    if not isinstance(recognizer, CtcReader):
        readings = reader.recognize(crops)
        return [
            (reading, disagreement_of_reading(reading, label.known))
            for label, reading in zip(labels, readings, strict=True)
        ]
    with wrap_plugin_errors(f"recognizer {type(recognizer.network).__name__}"):
        looks = recognizer.outputs(crops)
    spec = recognizer.network.spec
    return [
        (
            recognizer.calibrated(look),
            disagreement(look.logits, spec, label.known, look.reading.text),
        )
        for label, look in zip(labels, looks, strict=True)
    ]


def _elsewhere(boxes: Sequence[Box], found: Sequence[Detection]) -> list[tuple[Box, float] | None]:
    """For each labelled box the other place where the detector sees its plate, and what that is
    worth, in nats; None where it agrees, or knows of no plate that is not labelled already."""
    met = [max((box.iou(d.box) for d in found), default=0.0) >= FOUND_IOU for box in boxes]
    free = [d for d in found if all(d.box.iou(box) < FOUND_IOU for box in boxes)]
    places: list[tuple[Box, float] | None] = []
    for box, is_met in zip(boxes, met, strict=True):
        # One that touches it is a better box of the same plate; one far away is so only where the
        # two are all there is. In crowded pictures it is a plate that nobody labelled.
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
    nats = min(nats, _MOST) if is_possible else IMPOSSIBLE
    is_illegal = bool(reader.regions) and match(label.known, reader.regions) is None
    codes = ", ".join(region.code for region in reader.regions)
    reasons = {
        f"the model cannot read what the label holds: {label.strange or label.known}": (
            not is_possible
        ),
        f"the label fits no format of {codes}": is_illegal,
        "the model reads nothing": not reading.text,
        "the model reads something else": reading.text not in ("", label.known),
        "the box shows nothing of the picture": _shows_nothing(label.box, image),
        "the model's box is elsewhere": place is not None,
    }
    shown = match(reading.text, reader.regions)
    return Suspect(
        label,
        path,
        reading,
        display=shown.display if shown else None,
        disagreement=nats,
        is_illegal=is_illegal,
        score=nats + ILLEGAL * is_illegal + (place[1] if place else 0.0),
        reasons=tuple(reason for reason, holds in reasons.items() if holds),
        model_box=place[0] if place else None,
    )


def _shows_nothing(box: Box, image: Image) -> bool:
    height, width = image.shape[:2]
    return box.area <= 0 or min(box.x1, box.y1, width - box.x0, height - box.y0) <= 0
