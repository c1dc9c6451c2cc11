"""A competition's CSV: one row per picture, with the plate that was read on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TextIO

from lpr.sinks.csv import csv_line
from lpr.sinks.paths import clean
from lpr.sinks.records import TextSink
from lpr.types import Frame, Plate, Timing

HEADER = ("ID", "Number")
UNKNOWN = "unknown"


class SubmissionSink(TextSink):
    """Writes ``ID,Number`` rows: the picture's file name without its suffix, and its plate's text.

    Pictures without a reading, and those that failed, have ``unknown``. Frames of a video are
    numbered (``street-12``). Of several plates, the reading with the highest confidence counts.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._last_source = ""
        self._row(*HEADER)

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        name = _stem(frame.source)
        read = [plate for plate in plates if plate.text]
        best = max(read, key=lambda plate: plate.confidence, default=None)
        self._row(
            name if frame.time is None else f"{name}-{frame.index}", best.text if best else UNKNOWN
        )
        self._last_source = frame.source

    def error(self, source: str, message: str) -> None:
        """A failed picture has a row; a failed video keeps the rows of the frames before."""
        if self._last_source != source:
            self._row(_stem(source), UNKNOWN)

    def _row(self, *values: str) -> None:
        self._put(csv_line(values))


def _stem(source: str) -> str:
    return clean(PurePath(source).stem)
