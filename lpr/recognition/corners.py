"""A plate's corners: where a network saw them, and how tilted they are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lpr.types import Crop, Float32, Quad

_LEAST_AREA = 0.125


def seen_in(crop: Crop, corners: Float32, margin: float) -> Quad | None:
    """Where corners that a network saw in a crop are in the crop's picture.

    ``corners`` (``4 x 2``, in reading order) are in parts of the width and height of a crop that
    was cut with ``margin`` on every side. None where they are those of no plate: no convex shape
    that turns clockwise, one under an eighth of the crop's area, or one far beyond the crop.
    """
    points = np.asarray(corners, np.float64) * (1 + 2 * margin) - margin
    if points.min() < -0.5 or points.max() > 1.5:
        return None
    sides = np.roll(points, -1, axis=0) - points
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    if turns.min() <= 0 or _area(points) < _LEAST_AREA:
        return None
    unit = np.asarray([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    way = cv2.getPerspectiveTransform(unit, np.asarray(crop.quad, np.float32))
    mapped = cv2.perspectiveTransform(points[None].astype(np.float64), way)[0]
    a, b, c, d = ((float(x), float(y)) for x, y in mapped)
    return a, b, c, d


def fill(quad: Quad) -> float:
    """How much of its bounding box a quad fills, 0..1: the less, the more it is tilted."""
    points = np.asarray(quad, np.float64)
    width, height = np.ptp(points, axis=0)
    return _area(points) / max(float(width * height), 1e-9)


def _area(points: NDArray[np.float64]) -> float:
    """By the shoelace formula."""
    x, y = points.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
