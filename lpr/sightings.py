"""The reports of a watch: vehicles that passed, and gaps without frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

import numpy as np

from lpr.types import Box, Detection, Image, Plate, Point, Reading

Direction = Literal["towards", "away", "left", "right", "still"]
Status = Literal["final", "early", "confirmed", "corrected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class FrameTime:
    """A frame's number, its seconds in the stream and, if known, its seconds since 1970 (UTC)."""

    frame: int
    time: float
    clock: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As in a record of schema 1 (docs/output.md)."""
        return {"frame": self.frame, "time": round(self.time, 3), "utc": utc(self.clock)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> FrameTime:
        """The opposite of :meth:`as_dict`. Raises ``KeyError`` for a missing key."""
        return cls(record["frame"], record["time"], clock_of(record["utc"]))


@dataclass(frozen=True, slots=True)
class Observation:
    """A reading of a plate, with its time and place.

    ``crop`` shows the plate and its surroundings, ``size`` is the frame's width and height.
    ``frame`` is the whole picture, None if not kept; ``others`` are the boxes of its other plates.
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

    ``plate`` has the fused text of all readings and the detection of the ``best`` one. ``seen``
    counts the frames in which the plate was detected, ``read`` those in which it was read,
    ``agreeing`` those in which it was read as this text. ``path`` holds at most 32 boxes with their
    times in seconds. ``number`` counts the sightings of a camera, and stays the same from ``early``
    to ``confirmed``, ``corrected`` or ``withdrawn``.
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
        """As in a record of schema 1 (docs/output.md)."""
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

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Sighting:
        """The opposite of :meth:`as_dict`. What a record does not hold is empty: the crop has no
        pixels, the confidence of the detection is NaN.

        Raises ``KeyError`` for a missing key.
        """
        best, frames = record["best"], record["frames"]
        return cls(
            record["sighting"],
            record["status"],
            record["camera"],
            record["source"],
            Plate.from_dict({**record, "box": best["box"], "quad": best["quad"]}),
            FrameTime.from_dict(record["first"]),
            FrameTime.from_dict(record["last"]),
            frames["seen"],
            frames["read"],
            frames["agreeing"],
            record["direction"],
            tuple((time, Box(*box)) for time, *box in record["path"]),
            Observation(
                FrameTime.from_dict(best),
                Detection.from_dict(best),
                Reading(best["text"], best["confidence"]),
                np.zeros((0, 0, 3), np.uint8),
                (record["width"], record["height"]),
            ),
        )


@dataclass(frozen=True, slots=True)
class TrackOverlay:
    """A plate to draw in a frame: its track's number, its box, its text so far (empty until it
    counts), the centres of its last boxes, and whether it was detected or only predicted here.
    ``plate`` is the plate with its display so far, if its text counts."""

    track: int
    box: Box
    text: str
    trail: tuple[Point, ...]
    found: bool
    plate: Plate | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without frames from a live source, in seconds since 1970 (UTC).

    ``until`` is None until it is back; ``attempts`` counts the attempts to reconnect.
    """

    camera: str
    source: str
    since: float
    until: float | None
    reason: str
    attempts: int

    def as_dict(self) -> dict[str, Any]:
        """As in a record of schema 1 (docs/output.md)."""
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

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Gap:
        """The opposite of :meth:`as_dict`. Raises ``KeyError`` for a missing key."""
        since = clock_of(record["since"])
        if since is None:
            raise ValueError("a gap has a time since when")
        until, reason = clock_of(record["until"]), record["reason"]
        return cls(record["camera"], record["source"], since, until, reason, record["attempts"])


def utc(clock: float | None) -> str | None:
    """Seconds since 1970 as ``2026-05-01T06:30:00.250Z``; None for None."""
    if clock is None:
        return None
    moment = datetime.fromtimestamp(round(clock, 3), timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_of(text: str | None) -> float | None:
    """The opposite of :func:`utc`."""
    if text is None:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
