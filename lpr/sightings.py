"""What a watch reports: vehicles that passed, and times at which a camera was away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

from lpr.types import Box, Detection, Image, Plate, Point, Reading

Direction = Literal["towards", "away", "left", "right", "still"]
Status = Literal["final", "early", "confirmed", "corrected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class FrameTime:
    """A frame's number, its seconds in the stream, and its seconds since 1970 where known (UTC)."""

    frame: int
    time: float
    clock: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a record of schema 1 (docs/output.md)."""
        return {"frame": self.frame, "time": round(self.time, 3), "utc": utc(self.clock)}


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a plate: when, where, what was read, and the pixels that it was read from.

    ``crop`` is cut out of the frame around the plate, which is ``size`` (width and height) large;
    ``frame`` is the whole picture, or None where
    nobody wants it kept; ``others`` are the places of all other plates in it.
    """

    moment: FrameTime
    detection: Detection
    reading: Reading
    crop: Image
    size: tuple[int, int] = (0, 0)
    frame: Image | None = None
    others: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One pass of one vehicle before one camera.

    ``plate`` is what all looks together say: its text is fused, its detection is the best look's.
    ``seen`` counts the frames in which the plate was found, ``read`` those in which it was read,
    ``agreeing`` those whose reading is the text. ``path`` holds places in time, at most 32.
    ``number`` counts the sightings of a watch, and stays the same from ``early`` to ``confirmed``,
    ``corrected`` or ``withdrawn``.
    """

    number: int
    status: Status
    camera: str
    source: str
    plate: Plate
    first: FrameTime
    last: FrameTime
    seen: int
    read: int
    agreeing: int
    direction: Direction
    path: tuple[tuple[float, Box], ...]
    best: Observation

    def as_dict(self) -> dict[str, Any]:
        """The sighting as it stands in a record of schema 1 (docs/output.md)."""
        plate = self.plate.as_dict()
        for key in ("box", "quad", "detection_confidence"):
            del plate[key]
        return {
            "sighting": self.number,
            "status": self.status,
            "camera": self.camera,
            "source": self.source,
            "width": self.best.size[0],
            "height": self.best.size[1],
            **plate,
            "first": self.first.as_dict(),
            "last": self.last.as_dict(),
            "frames": {"seen": self.seen, "read": self.read, "agreeing": self.agreeing},
            "direction": self.direction,
            "path": [[round(t, 3), *(round(v, 1) for v in box)] for t, box in self.path],
            "best": {
                **self.best.moment.as_dict(),
                "text": self.best.reading.text,
                "confidence": round(float(self.best.reading.confidence), 4),
                "box": [round(v, 1) for v in self.best.detection.box],
                "quad": [[round(x, 1), round(y, 1)] for x, y in self.plate.detection.quad],
            },
        }


@dataclass(frozen=True, slots=True)
class TrackOverlay:
    """A vehicle's plate in a frame: its track's number, its place, what it is held to say so far
    (empty: nothing yet), the middles of its last places, and whether it was found in this frame or
    is only thought to be there."""

    track: int
    box: Box
    text: str
    trail: tuple[Point, ...]
    found: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A time at which a live source gave nothing: ``until`` is None as long as it is away.

    ``since`` and ``until`` are seconds since 1970 (UTC), ``attempts`` how often it was tried.
    """

    camera: str
    source: str
    since: float
    until: float | None
    reason: str
    attempts: int

    def as_dict(self) -> dict[str, Any]:
        """The gap as it stands in a record of schema 1 (docs/output.md)."""
        away = None if self.until is None else round(self.until - self.since, 3)
        return {
            "status": "away" if self.until is None else "back",
            "camera": self.camera,
            "source": self.source,
            "since": utc(self.since),
            "until": utc(self.until),
            "seconds": away,
            "reason": self.reason,
            "attempts": self.attempts,
        }


def utc(clock: float | None) -> str | None:
    """``2026-05-01T06:30:00.250Z``; None where there is no clock."""
    if clock is None:
        return None
    moment = datetime.fromtimestamp(round(clock, 3), timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
