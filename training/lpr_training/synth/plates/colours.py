"""The names of plate colours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from lpr_training.synth.styles import Colour

# Measured examples (BGR) of each named colour.
_SAMPLES: dict[str, tuple[Colour, ...]] = {
    "white": ((236, 238, 238), (200, 205, 205), (170, 200, 205), (160, 165, 165), (225, 225, 205)),
    "black": ((26, 24, 24), (50, 48, 46), (60, 40, 40)),
    "yellow": ((40, 196, 238), (120, 215, 240), (20, 170, 225)),
    "green": ((72, 104, 22), (50, 110, 20), (140, 180, 120)),
    "red": ((38, 30, 176), (60, 40, 120), (30, 60, 190)),
    "blue": ((140, 60, 25), (160, 90, 40), (200, 150, 90)),
}


def nearest(colour: Colour, names: Sequence[str]) -> str:
    """Return the one of ``names`` whose samples are closest to ``colour`` (BGR) in CIELAB."""
    lab = _lab(colour)
    return min(
        names, key=lambda name: min(float(np.sum((lab - _lab(s)) ** 2)) for s in _SAMPLES[name])
    )


@lru_cache(maxsize=4096)
def _lab(colour: Colour) -> np.ndarray:
    pixel = np.array([[colour]], np.float32) / 255
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_BGR2LAB)[0, 0])
