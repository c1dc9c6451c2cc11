"""JSON Lines: one object for each frame, sighting, gap or failed source (docs/output.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TextIO

from lpr.sightings import Gap, Sighting
from lpr.sinks.records import SCHEMA, TextSink, put_record
from lpr.types import Frame, Plate, Timing
from lpr.utils.closing import Closeable

JSONL_BEGINS = '{"schema": '
"""How each file of these records begins."""


class JsonlSink(TextSink):
    """Writes records of schema 1 to a text stream, one line each."""

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        record: dict[str, Any] = {
            "schema": SCHEMA,
            "type": "frame",
            "source": frame.source,
            "frame": frame.index,
            "time": None if frame.time is None else round(frame.time, 3),
            "width": frame.width,
            "height": frame.height,
            "plates": [plate.as_dict() for plate in plates],
        }
        if timing is not None:
            record["ms"] = round(timing.ms, 3)
            record["stages"] = {name: round(ms, 3) for name, ms in timing.stages.items()}
        put_record(self._stream, record)

    def error(self, source: str, message: str) -> None:
        record = {"schema": SCHEMA, "type": "error", "source": source, "message": message}
        put_record(self._stream, record)


class SightingSink(Closeable):
    """Writes records of schema 1 to a text stream, one line each."""

    begins: ClassVar[str] = JSONL_BEGINS

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def sighting(self, sighting: Sighting, files: Mapping[str, Path] | None = None) -> None:
        """Write a sighting; ``files`` are its evidence pictures."""
        record: dict[str, Any] = {"schema": SCHEMA, "type": "sighting", **sighting.as_dict()}
        if files:
            record["files"] = {name: str(path) for name, path in files.items()}
        put_record(self._stream, record)

    def gap(self, gap: Gap) -> None:
        """Write that a camera was lost or restored."""
        put_record(self._stream, {"schema": SCHEMA, "type": "gap", **gap.as_dict()})

    def error(self, camera: str, source: str, message: str) -> None:
        """Write that a source failed."""
        record = {"schema": SCHEMA, "type": "error", "camera": camera}
        put_record(self._stream, {**record, "source": source, "message": message})

    def close(self) -> None:
        """Every line is flushed when it is written."""
