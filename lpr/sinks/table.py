"""A table for people, written line by line as results arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from lpr.sinks.records import TextSink
from lpr.types import Frame, Plate, Timing
from lpr.utils.text import visible

_COLUMNS = ("plate", "read", "found", "region", "box", "time", "source")
# The source is last, since its length varies.
_LINE = "{:<12} {:>5} {:>5}  {:<6}  {:<21} {:>10}  {}"


class TableSink(TextSink):
    """Writes one line per plate, and one for each picture without a plate.

    ``read`` and ``found`` are the confidences of the reading and the detection; ``?`` marks a
    doubtful text. Frames of a video without a plate are left out.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._started = self._continues

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        if not plates and frame.time is not None:
            return
        last = visible(frame.source) + ("" if timing is None else f"  ({timing.ms:.1f} ms)")
        time = "" if frame.time is None else clock_time(frame.time)
        for plate in plates:
            self._line(*_cells(plate), time, last)
        if not plates:
            self._line("-", "", "", "", "", time, last)

    def _line(self, *cells: str) -> None:
        header = "" if self._started else _LINE.format(*_COLUMNS) + "\n"
        self._started = True
        self._put(header + _LINE.format(*cells) + "\n")


def _cells(plate: Plate) -> tuple[str, str, str, str, str]:
    name = plate.display or plate.text or "(unreadable)"
    if plate.text and plate.doubts:
        name += " ?"
    box = " ".join(f"{value:.0f}" for value in plate.box)
    found = plate.detection.confidence
    return name, f"{plate.confidence:.2f}", f"{found:.2f}", plate.region or "", box


def clock_time(seconds: float) -> str:
    """``1:02:03.45``; without the hours below one."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{rest // 100:02}.{rest % 100:02}"
