"""The records of ``lpr detect`` and ``lpr watch`` (docs/output.md) as objects, read back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from lpr.errors import SourceError
from lpr.sightings import Gap, Sighting
from lpr.types import Plate, Timing

SCHEMA = 1
"""The version of the records (docs/output.md)."""


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """The plates of a picture or a video's frame, as ``lpr detect`` records them: without pixels.

    ``time`` is in seconds from the start, None for stills; ``timing`` only with ``--timings``.
    """

    source: str
    frame: int
    time: float | None
    width: int
    height: int
    plates: tuple[Plate, ...]
    timing: Timing | None = None

    def as_dict(self) -> dict[str, Any]:
        """A record of schema 1 (docs/output.md)."""
        record: dict[str, Any] = {
            "schema": SCHEMA,
            "type": "frame",
            "source": self.source,
            "frame": self.frame,
            "time": None if self.time is None else round(self.time, 3),
            "width": self.width,
            "height": self.height,
            "plates": [plate.as_dict() for plate in self.plates],
        }
        if self.timing is not None:
            record["ms"] = round(self.timing.ms, 3)
            record["stages"] = {name: round(ms, 3) for name, ms in self.timing.stages.items()}
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> FrameRecord:
        """The opposite of :meth:`as_dict`. Raises ``KeyError`` for a missing key."""
        return cls(
            record["source"],
            record["frame"],
            record["time"],
            record["width"],
            record["height"],
            tuple(map(Plate.from_dict, record["plates"])),
            Timing(record["ms"], dict(record["stages"])) if "ms" in record else None,
        )


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """A source that failed. ``camera`` is its name if ``lpr watch`` wrote the record, else None."""

    source: str
    message: str
    camera: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """A record of schema 1 (docs/output.md)."""
        camera = {} if self.camera is None else {"camera": self.camera}
        source = {"source": self.source, "message": self.message}
        return {"schema": SCHEMA, "type": "error", **camera, **source}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ErrorRecord:
        """The opposite of :meth:`as_dict`. Raises ``KeyError`` for a missing key."""
        return cls(record["source"], record["message"], record.get("camera"))


Record: TypeAlias = FrameRecord | Sighting | Gap | ErrorRecord

_READ: dict[str, Callable[[Mapping[str, Any]], Record]] = {
    "frame": FrameRecord.from_dict,
    "sighting": Sighting.from_dict,
    "gap": Gap.from_dict,
    "error": ErrorRecord.from_dict,
}


def read_records(path: str | os.PathLike[str]) -> Iterator[Record]:
    """The records of a JSON Lines file of ``lpr detect`` or ``lpr watch``, one after the other;
    records of types that are not known here are passed over.

    Raises :class:`lpr.SourceError`, which names the file and the line, for a file that cannot be
    read, a line that is no record, or one of a newer schema; the records before have been given.
    """
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip() and (record := _read(f"{path}, line {number}", line)) is not None:
                    yield record
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: this is not a file of records: it is not UTF-8") from error


def _read(place: str, line: str) -> Record | None:
    try:
        record = json.loads(line)
        schema, kind = record["schema"], str(record["type"])
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{place}: this is no record, or one that was cut short") from error
    if schema != SCHEMA:
        raise SourceError(f"{place}: schema {schema!r} is not read here, only {SCHEMA}")
    try:
        return _READ[kind](record) if kind in _READ else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{place}: the record of a {kind} is incomplete: {error!r}") from error
