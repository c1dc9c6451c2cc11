"""Frames and plates to write."""

from __future__ import annotations

import numpy as np

from lpr.types import Alternative, Box, Character, Detection, Frame, Plate, Reading


def frame(source: str = "street.mp4", index: int = 12, time: float | None = 0.40049) -> Frame:
    return Frame(np.full((48, 64, 3), 90, np.uint8), source, index, time)


def plate(text: str = "ABC1234", display: str | None = "ABC-1234") -> Plate:
    box = Box(10.04, 20.06, 50, 31)
    corners = ((10.04, 20.06), (50.0, 21.0), (49.5, 31.0), (10.5, 30.0))
    characters = tuple(Character(c, 0.98765) for c in text)
    reading = Reading(text, 0.98765, characters, (Alternative("ABC1Z34", 0.2),))
    return Plate(Detection(box, corners, 0.94321), reading, display, "tw" if display else None)
