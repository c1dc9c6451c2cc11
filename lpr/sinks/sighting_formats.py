"""Sightings as CSV and as a table (``lpr watch --format``); JSON Lines are in
:mod:`lpr.sinks.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TextIO

from lpr.sightings import FrameTime, Gap, Sighting, utc
from lpr.sinks.csv import csv_line, protected
from lpr.sinks.paths import clean
from lpr.sinks.records import continues, put
from lpr.sinks.table import clock_time
from lpr.utils.closing import Closeable
from lpr.utils.text import visible

SIGHTING_COLUMNS = (
    "camera", "source", "sighting", "status", "text", "display", "region", "kind", "confidence",
    "first_time", "first_utc", "last_time", "last_utc", "direction", "seen", "read", "agreeing",
    "best_frame", "x0", "y0", "x1", "y1", "frame_file", "plate_file",
)  # fmt: skip
_HEADINGS = ("plate", "read", "first", "seconds", "direction", "region", "camera")


class _SightingText(Closeable):
    """The base of formats that hold sightings only; stderr reports gaps and failed sources."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def gap(self, gap: Gap) -> None:
        """Gaps are left out."""

    def error(self, camera: str, source: str, message: str) -> None:
        """Failed sources are left out."""

    def close(self) -> None:
        """Nothing is left to do: every record has been flushed."""


class SightingCsvSink(_SightingText):
    """Writes one row per sighting, with the columns of docs/output.md; early sightings have rows of
    their own. The box is that of the best frame."""

    begins: ClassVar[str] = csv_line(SIGHTING_COLUMNS)

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        if not continues(stream):
            put(stream, self.begins)

    def sighting(self, sighting: Sighting, files: Mapping[str, Path] | None = None) -> None:
        """Write a sighting; ``files`` are its evidence pictures."""
        record = sighting.as_dict()
        best = record["best"]
        values = {
            **record,
            **{f"first_{key}": value for key, value in record["first"].items()},
            **{f"last_{key}": value for key, value in record["last"].items()},
            **record["frames"],
            "best_frame": best["frame"],
            **dict(zip(("x0", "y0", "x1", "y1"), best["box"], strict=True)),
            **{f"{name}_file": str(path) for name, path in (files or {}).items()},
        }
        cells = (values.get(column) for column in SIGHTING_COLUMNS)
        row = [clean(cell) if isinstance(cell, str) else cell for cell in cells]
        put(self._stream, csv_line(map(protected, row)))


class SightingTableSink(_SightingText):
    """Writes one line per sighting, for people; ``seconds`` is how long it was in view."""

    begins: ClassVar[str] = ""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._line = ""

    def sighting(self, sighting: Sighting, files: Mapping[str, Path] | None = None) -> None:
        """Write a sighting; ``files`` are left out."""
        if not self._line:
            width = 9 if sighting.first.clock is None else 20
            self._line = f"{{:<12}} {{:>5}}  {{:>{width}}} {{:>8}}  {{:<9}} {{:<6}}  {{}}\n"
            if not continues(self._stream):
                put(self._stream, self._line.format(*_HEADINGS))
        plate = sighting.plate
        note = "" if sighting.status == "final" else f" ({sighting.status})"
        cells = (
            plate.display or plate.text,
            f"{plate.confidence:.2f}",
            _moment(sighting.first),
            f"{sighting.last.time - sighting.first.time:.1f}",
            sighting.direction,
            plate.region or "",
            visible(sighting.camera) + note,
        )
        put(self._stream, self._line.format(*cells))


def _moment(moment: FrameTime) -> str:
    """The time of day (UTC) to the second, else the time in the stream."""
    stamp = utc(moment.clock)
    return clock_time(moment.time) if stamp is None else f"{stamp[:10]} {stamp[11:19]}Z"
