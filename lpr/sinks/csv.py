"""CSV: a header, and one row per plate."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TextIO

from lpr.sinks.paths import clean
from lpr.sinks.records import TextSink
from lpr.types import Frame, Plate, Timing

COLUMNS = (
    "source",
    "frame",
    "time",
    "text",
    "display",
    "region",
    "confidence",
    "detection_confidence",
    "x0",
    "y0",
    "x1",
    "y1",
    "ms",
)


class CsvSink(TextSink):
    """Writes the columns of docs/output.md to a text stream; frames without plates have no row."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._rows([COLUMNS])

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        time = None if frame.time is None else round(frame.time, 3)
        milliseconds = None if timing is None else round(timing.ms, 3)
        rows = []
        for plate in plates:
            record = plate.as_dict()
            values = [record[column] for column in COLUMNS[3:8]]
            place = (clean(frame.source), frame.index, time)
            rows.append((*place, *values, *record["box"], milliseconds))
        self._rows(rows)

    def _rows(self, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            self._put("".join(csv_line(row) for row in rows))


def csv_line(row: Sequence[object]) -> str:
    """One line of CSV, quoted as for ``\\r\\n``, but ending in ``\\n``; readers accept both."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(row)
    return text.getvalue().removesuffix("\r\n") + "\n"
