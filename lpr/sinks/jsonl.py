"""JSON Lines: one object for each frame or failed source (docs/output.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lpr.sinks.records import SCHEMA, TextSink, put_record
from lpr.types import Frame, Plate, Timing


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
        put_record(
            self._stream, {"schema": SCHEMA, "type": "error", "source": source, "message": message}
        )
