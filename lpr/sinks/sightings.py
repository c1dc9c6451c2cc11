"""Sightings and gaps as JSON Lines (docs/output.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from lpr.sightings import Gap, Sighting
from lpr.sinks.records import SCHEMA, put_record
from lpr.utils.closing import Closeable


class SightingSink(Closeable):
    """Writes records of schema 1 to a text stream, one line each."""

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
