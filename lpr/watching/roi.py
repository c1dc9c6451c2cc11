"""The part of a picture in which plates count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Box, Point


@dataclass(frozen=True, slots=True)
class RegionOfInterest:
    """Polygons whose corners are shares of a picture's width and height, 0..1; none stands for the
    whole picture."""

    polygons: tuple[tuple[Point, ...], ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> RegionOfInterest:
        """``0.1,0.4 0.9,0.4 1,1 0,1`` is a polygon; raises ``ValueError`` for what is none."""
        return cls(tuple(_polygon(text) for text in texts))

    def window(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The smallest rectangle of whole pixels around it all: ``x0, y0, x1, y1``."""
        if not self.polygons:
            return 0, 0, width, height
        corners = np.concatenate([np.asarray(p) for p in self.polygons])
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        return (
            int(x0 * width),
            int(y0 * height),
            max(int(np.ceil(x1 * width)), int(x0 * width) + 1),
            max(int(np.ceil(y1 * height)), int(y0 * height) + 1),
        )

    def holds(self, box: Box, width: int, height: int) -> bool:
        """Whether the middle of a box lies in it."""
        if not self.polygons:
            return True
        x, y = box.center
        return any(
            cv2.pointPolygonTest(np.asarray(p, np.float32), (x / width, y / height), False) >= 0
            for p in self.polygons
        )


WHOLE = RegionOfInterest()


def _polygon(text: str) -> tuple[Point, ...]:
    try:
        corners = tuple((float(x), float(y)) for x, y in (c.split(",") for c in text.split()))
    except ValueError:
        corners = ()
    flat = [value for corner in corners for value in corner]
    if len(corners) < 3 or not all(0 <= value <= 1 for value in flat):
        raise ValueError(
            f"{text!r} is no polygon: write at least three corners as shares of the width and "
            "height, such as 0.1,0.4 0.9,0.4 1,1 0,1"
        )
    if cv2.contourArea(np.asarray(corners, np.float32)) <= 0:
        raise ValueError(f"{text!r} is a polygon without an area")
    return corners
