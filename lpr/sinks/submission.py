"""A competition's CSV: one row for every picture, with the number that was read on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TextIO

from lpr.sinks.csv import csv_line
from lpr.sinks.paths import clean
from lpr.sinks.records import put
from lpr.types import Frame, Plate, Timing
from lpr.utils.closing import Closeable

HEADER = ("ID", "Number")
UNKNOWN = "unknown"


class SubmissionSink(Closeable):
    """Writes ``ID,Number`` rows: the picture's file name without its ending, and its plate's text.

    Pictures on which nothing was found or read, and those that failed, have ``unknown``. The frames
    of a video have their numbers behind its name (``street-12``). Of several plates the one with
    the most certain reading counts.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._written = ""
        self._row(*HEADER)

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        name = _stem(frame.source)
        read = [plate for plate in plates if plate.text]
        best = max(read, key=lambda plate: plate.confidence, default=None)
        self._row(
            name if frame.time is None else f"{name}-{frame.index}",
            best.text if best else UNKNOWN,
        )
        self._written = frame.source

    def error(self, source: str, message: str) -> None:
        """A picture that failed has a row; a video keeps those of the frames before."""
        if self._written != source:
            self._row(_stem(source), UNKNOWN)

    def _row(self, *values: str) -> None:
        put(self._stream, csv_line(values))

    def close(self) -> None:
        """Every row has been flushed already."""


def _stem(source: str) -> str:
    return clean(PurePath(source).stem)
