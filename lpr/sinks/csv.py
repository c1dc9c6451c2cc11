"""CSV: one row for each plate, and a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TextIO

from lpr.sinks.paths import clean
from lpr.sinks.records import put
from lpr.types import Frame, Plate, Timing
from lpr.utils.closing import Closeable

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


class CsvSink(Closeable):
    """Writes the columns of docs/output.md to a text stream; frames without plates give no row."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rows([COLUMNS])

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        time = None if frame.time is None else round(frame.time, 3)
        spent = None if timing is None else round(timing.ms, 3)
        rows = []
        for plate in plates:
            known = plate.as_dict()
            where = (clean(frame.source), frame.index, time)
            what = [known[column] for column in COLUMNS[3:8]]
            rows.append((*where, *what, *known["box"], spent))
        self._rows(rows)

    def error(self, source: str, message: str) -> None:
        """Rows are plates: a failed source has none."""

    def _rows(self, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            put(self._stream, "".join(csv_line(row) for row in rows))

    def close(self) -> None:
        """Every row has been flushed already."""


def csv_line(row: Sequence[object]) -> str:
    """One line of CSV. It ends in ``\\n``, but is quoted as if in ``\\r\\n``: readers take both."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(row)
    return text.getvalue().removesuffix("\r\n") + "\n"
