"""JSON Lines: one object for each frame or failed source (docs/output.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from lpr.closing import Closing
from lpr.sinks.records import clean, put
from lpr.types import Frame, Plate, Timing

SCHEMA = 1


class JsonlSink(Closing):
    """Writes records of schema 1 to a text stream, one line each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

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
        self._put(record)

    def error(self, source: str, message: str) -> None:
        self._put({"schema": SCHEMA, "type": "error", "source": source, "message": message})

    def _put(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, allow_nan=False)
        # What a file name holds beyond UTF-8 becomes \udcXX, which is what JSON calls it.
        put(self._stream, clean(line) + "\n")

    def close(self) -> None:
        """Every line has been flushed already."""
