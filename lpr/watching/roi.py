"""The region of interest: the part of a picture in which plates count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Box, Point


@dataclass(frozen=True, slots=True)
class RegionOfInterest:
    """Polygons with corners in fractions (0..1) of the picture; without any, the whole picture."""

    polygons: tuple[tuple[Point, ...], ...] = ()

    @classmethod
    def parse(cls, texts: Sequence[str]) -> RegionOfInterest:
        """Polygons such as ``0.1,0.4 0.9,0.4 1,1 0,1``; raises ``ValueError`` for other texts."""
        return cls(tuple(_parse_polygon(text) for text in texts))

    def window(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The bounding rectangle ``x0, y0, x1, y1`` in pixels of a ``width x height`` picture."""
        if not self.polygons:
            return 0, 0, width, height
        corners = np.concatenate([np.asarray(p) for p in self.polygons])
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        x, y = int(x0 * width), int(y0 * height)
        return x, y, max(int(np.ceil(x1 * width)), x + 1), max(int(np.ceil(y1 * height)), y + 1)

    def holds(self, box: Box, width: int, height: int) -> bool:
        """Whether the centre of a box lies in the region."""
        if not self.polygons:
            return True
        x, y = box.center
        return any(
            cv2.pointPolygonTest(np.asarray(p, np.float32), (x / width, y / height), False) >= 0
            for p in self.polygons
        )


WHOLE_FRAME = RegionOfInterest()


def _parse_polygon(text: str) -> tuple[Point, ...]:
    try:
        corners = tuple((float(x), float(y)) for x, y in (c.split(",") for c in text.split()))
    except ValueError:
        corners = ()
    if len(corners) < 3 or not all(0 <= value <= 1 for corner in corners for value in corner):
        raise ValueError(
            f"{text!r} is not a polygon: write at least three corners as fractions of the width "
            "and height, such as 0.1,0.4 0.9,0.4 1,1 0,1"
        )
    if cv2.contourArea(np.asarray(corners, np.float32)) <= 0:
        raise ValueError(f"{text!r} is a polygon without an area")
    return corners
