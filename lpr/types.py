"""The values that travel through the pipeline: frame, detection, crop, reading, plate.

Conventions, everywhere in the project:

* Pictures are BGR, ``uint8``, C-contiguous, ``H x W x 3``.
* Coordinates are pixels of the source picture, x to the right and y downwards; pixel ``(i, j)``
  covers the square from ``(i, j)`` to ``(i + 1, j + 1)``, so a whole picture is the box
  ``(0, 0, width, height)``.
* Confidences lie in 0..1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""A picture: BGR, ``uint8``, ``H x W x 3``."""
AnyImage: TypeAlias = NDArray[Any]
"""An :data:`Image` as an argument: typed as any array, since OpenCV's stubs give no dtype."""
Float32: TypeAlias = NDArray[np.float32]
"""An array of ``float32``."""
Point: TypeAlias = tuple[float, float]
"""``(x, y)`` in pixels."""
Quad: TypeAlias = tuple[Point, Point, Point, Point]
"""Four corners of a plate: top left, top right, bottom right, bottom left, as one reads it."""
Side: TypeAlias = Literal["left", "top", "right", "bottom"]
"""A side of a picture. Several are always given in this order."""
Doubt: TypeAlias = Literal["cut", "format", "symbol", "confidence"]
"""A reason to doubt a reading (:mod:`lpr.recognition.doubts`). Several are always given in this
order."""


class Box(NamedTuple):
    """An axis-aligned rectangle in pixels; ``x0 <= x1`` and ``y0 <= y1``."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """In pixels, 0 or more."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In pixels, 0 or more."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    @property
    def center(self) -> Point:
        """``(x, y)`` in pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def quad(self) -> Quad:
        """The corners, clockwise from the top left."""
        return (self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1)

    def contains(self, point: Point) -> bool:
        """Whether ``(x, y)`` lies inside or on an edge."""
        return self.x0 <= point[0] <= self.x1 and self.y0 <= point[1] <= self.y1

    def moved(self, x: float, y: float) -> Box:
        """The box shifted by ``x`` pixels to the right and ``y`` downwards."""
        return Box(self.x0 + x, self.y0 + y, self.x1 + x, self.y1 + y)

    def grown(self, margin: float) -> Box:
        """The box with ``margin`` of its width and height added on every side."""
        x, y = self.width * margin, self.height * margin
        return Box(self.x0 - x, self.y0 - y, self.x1 + x, self.y1 + y)

    def clipped(self, width: float, height: float) -> Box:
        """The part of the box in a picture of ``width x height``; without area if it has none."""
        x0, x1 = (min(max(x, 0.0), width) for x in (self.x0, self.x1))
        y0, y1 = (min(max(y, 0.0), height) for y in (self.y0, self.y1))
        return Box(x0, y0, x1, y1)

    def intersection(self, other: Box) -> Box:
        """The common part of two boxes; without area if they do not meet."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(min(self.x1, other.x1), x0), max(min(self.y1, other.y1), y0))

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1; 0 when neither box has an area."""
        shared = self.intersection(other).area
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a source. ``index`` counts from 0, ``time`` is in seconds from the start, None
    for stills. ``clock`` is when it was taken, in seconds since 1970 (UTC), None if unknown."""

    image: Image
    source: str
    index: int = 0
    time: float | None = None
    clock: float | None = None

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.image.shape[0])


@dataclass(frozen=True, slots=True)
class Detection:
    """A plate that the detector found in a picture.

    ``touches`` are the sides of the picture, or of the part of it that the detector saw, at which
    the box ends: the plate may go on beyond.
    """

    box: Box
    quad: Quad
    confidence: float
    touches: tuple[Side, ...] = ()

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Detection:
        """What a record tells of a plate's detection (:meth:`Plate.from_dict`): the confidence of
        a sighting's is not in it, and NaN."""
        a, b, c, d = ((x, y) for x, y in record["quad"])
        return cls(Box(*record["box"]), (a, b, c, d), record.get("detection_confidence", math.nan))

    def moved(self, x: float, y: float) -> Detection:
        """The detection shifted by ``x`` pixels to the right and ``y`` downwards."""
        a, b, c, d = ((px + x, py + y) for px, py in self.quad)
        return replace(self, box=self.box.moved(x, y), quad=(a, b, c, d))


@dataclass(frozen=True, slots=True)
class Crop:
    """A plate to be read: its picture, and its corners in it.

    No pixels are copied: a recognizer cuts the plate out at the size that it needs
    (:func:`lpr.recognition.rectify.upright`), so it is resampled only once. ``touches`` is the
    detection's.
    """

    image: Image
    quad: Quad
    touches: tuple[Side, ...] = ()

    @classmethod
    def whole(cls, image: Image) -> Crop:
        """The crop of a picture that one plate fills."""
        height, width = image.shape[:2]
        return cls(image, Box(0, 0, width, height).quad)


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a reading (``A-Z``, ``0-9``) and its confidence, 0..1."""

    char: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another possible text of a plate (``A-Z0-9``) and its confidence, 0..1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """A plate's attributes besides its text.

    ``ground`` and ``ink`` are names of colours (:mod:`lpr.specs.plate_attributes`), ``lines`` is 1
    or 2. ``region`` is the code of the region whose plates look like this one, or empty;
    ``region_confidence`` is its probability, 0..1. ``plate`` is the probability that this is a
    plate at all, 0..1; 1 if the recognizer does not predict it.
    """

    ground: str
    ink: str
    lines: int
    region: str
    region_confidence: float
    plate: float = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A recognizer's reading of a plate. ``text`` consists of ``A-Z`` and ``0-9`` and may be empty.

    ``quad`` has the plate's corners in its picture, ``appearance`` its other attributes, if the
    recognizer predicts them. ``gaps`` are the distances between neighbouring characters, over their
    median; empty if the recognizer does not tell. ``cut`` are the sides of the picture that cut the
    plate off: ``text`` is then what is left of it, and no format was applied.
    """

    text: str
    confidence: float
    characters: tuple[Character, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    quad: Quad | None = None
    appearance: Appearance | None = None
    gaps: tuple[float, ...] = ()
    cut: tuple[Side, ...] = ()

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Reading:
        """What a record tells of a plate's reading (:meth:`Plate.from_dict`)."""
        appearance = None
        if record.get("lines") is not None:
            appearance = Appearance(record["ground"], record["ink"], record["lines"], "", 0.0)
        return cls(
            record["text"],
            record["confidence"],
            tuple(Character(c["char"], c["confidence"]) for c in record["characters"]),
            tuple(Alternative(a["text"], a["confidence"]) for a in record["alternatives"]),
            appearance=appearance,
            cut=tuple(record.get("cut", ())),
        )

    @property
    def certainties(self) -> list[float]:
        """The confidence of each character of ``text``: the whole reading's if the recognizer gives
        none for characters."""
        if len(self.characters) == len(self.text):
            return [character.confidence for character in self.characters]
        return [self.confidence] * len(self.text)


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of wall time from a frame's pixels to its plates, in total and by stage."""

    ms: float
    stages: Mapping[str, float]

    def shared(self, count: int) -> Timing:
        """The share of one of ``count`` frames that were processed together."""
        return Timing(self.ms / count, {name: ms / count for name, ms in self.stages.items()})


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate, detected and read. ``display`` and ``region`` are None if no known format fits or
    the plate is cut, ``kind`` (of vehicle) also if the format leaves it open. ``display_guessed``:
    formats separate the text at different places, and the picture does not show which is right.
    ``doubts`` are the reasons to doubt the text."""

    detection: Detection
    reading: Reading
    display: str | None = None
    region: str | None = None
    kind: str | None = None
    display_guessed: bool = False
    doubts: tuple[Doubt, ...] = ()

    @property
    def text(self) -> str:
        """``A-Z`` and ``0-9``; empty if nothing could be read."""
        return self.reading.text

    @property
    def confidence(self) -> float:
        """The text's confidence, 0..1."""
        return self.reading.confidence

    @property
    def cut(self) -> tuple[Side, ...]:
        """The sides of the picture that cut the plate off; empty for a whole plate."""
        return self.reading.cut

    @property
    def box(self) -> Box:
        """The plate's bounding box in pixels of the source picture."""
        return self.detection.box

    def as_dict(self) -> dict[str, Any]:
        """The plate as in a record of schema 1 (docs/output.md)."""
        appearance = self.reading.appearance
        return {
            "text": self.text,
            "display": self.display,
            "display_guessed": self.display_guessed,
            "confidence": round(float(self.confidence), 4),
            "box": [round(v, 1) for v in self.box],
            "quad": [[round(x, 1), round(y, 1)] for x, y in self.detection.quad],
            "detection_confidence": round(self.detection.confidence, 4),
            "region": self.region,
            "kind": self.kind,
            "ground": appearance and appearance.ground,
            "ink": appearance and appearance.ink,
            "lines": appearance and appearance.lines,
            "characters": [
                {"char": c.char, "confidence": round(float(c.confidence), 4)}
                for c in self.reading.characters
            ],
            "alternatives": [
                {"text": a.text, "confidence": round(float(a.confidence), 4)}
                for a in self.reading.alternatives
            ],
            "cut": list(self.cut),
            "doubts": list(self.doubts),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Plate:
        """The plate of a record: the opposite of :meth:`as_dict`, which rounds and leaves out what
        only recognizers need. Keys that a record of an older version lacks have their defaults.

        Raises ``KeyError`` for any other missing key.
        """
        return cls(
            Detection.from_dict(record),
            Reading.from_dict(record),
            record["display"],
            record["region"],
            record["kind"],
            record.get("display_guessed", False),
            tuple(record.get("doubts", ())),
        )
