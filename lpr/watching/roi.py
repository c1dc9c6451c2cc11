"""The region of interest: the part of a picture in which plates count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Box, Point

_EXCLUDE = "!"  # Before a polygon in which plates do not count


@dataclass(frozen=True, slots=True)
class RegionOfInterest:
    """Polygons with corners in fractions (0..1) of the picture; without any, the whole picture.

    The ``excluded`` polygons are no part of it.
    """

    polygons: tuple[tuple[Point, ...], ...] = ()
    excluded: tuple[tuple[Point, ...], ...] = ()

    @classmethod
    def parse(cls, texts: Sequence[str]) -> RegionOfInterest:
        """Polygons such as ``0.1,0.4 0.9,0.4 1,1 0,1``; a leading ``!`` excludes one.

        Raises ``ValueError`` for other texts.
        """
        excluded = [text for text in texts if text.lstrip().startswith(_EXCLUDE)]
        return cls(
            tuple(_parse_polygon(text) for text in texts if text not in excluded),
            tuple(_parse_polygon(text.lstrip().removeprefix(_EXCLUDE)) for text in excluded),
        )

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
        x, y = box.center
        center = x / width, y / height
        if any(_lies_in(center, polygon) for polygon in self.excluded):
            return False
        return not self.polygons or any(_lies_in(center, polygon) for polygon in self.polygons)


WHOLE_FRAME = RegionOfInterest()


def _lies_in(point: Point, polygon: tuple[Point, ...]) -> bool:
    return cv2.pointPolygonTest(np.asarray(polygon, np.float32), point, False) >= 0


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
