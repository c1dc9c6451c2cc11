"""JSON Lines: one object for each frame, sighting, gap or failed source (docs/output.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TextIO

from lpr.records import SCHEMA, ErrorRecord, FrameRecord
from lpr.sightings import Gap, Sighting
from lpr.sinks.records import TextSink, put_record
from lpr.types import Frame, Plate, Timing
from lpr.utils.closing import Closeable

JSONL_BEGINS = '{"schema": '
"""How each file of these records begins."""


class JsonlSink(TextSink):
    """Writes records of schema 1 to a text stream, one line each."""

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        record = FrameRecord(
            *(frame.source, frame.index, frame.time, frame.width, frame.height),
            tuple(plates),
            timing,
        )
        put_record(self._stream, record.as_dict())

    def error(self, source: str, message: str) -> None:
        put_record(self._stream, ErrorRecord(source, message).as_dict())


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
        put_record(self._stream, ErrorRecord(source, message, camera).as_dict())

    def close(self) -> None:
        """Every line is flushed when it is written."""
