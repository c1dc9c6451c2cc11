"""A plate's corners as a network predicts them, and how tilted they are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lpr.specs.plate_attributes import FRAME
from lpr.types import Crop, Float32, Quad

MIN_AREA = 1 / 8
"""Share of a crop's area: no plate in a detector's crop is smaller."""

MAX_OUTSIDE = 0.5
"""Crop sides: no plate in a detector's crop reaches farther beyond its edges."""


def seen_in(crop: Crop, corners: Float32, margin: float) -> Quad | None:
    """Map corners that a network predicted in a crop to the crop's picture.

    ``corners`` (``4 x 2``, in reading order) are relative to the width and height of a crop that
    was cut with ``margin`` on every side. None if they cannot be a plate's: not convex and
    clockwise, below :data:`MIN_AREA`, or beyond :data:`MAX_OUTSIDE`.
    """
    points = np.asarray(corners, np.float64) * (1 + 2 * margin) - margin
    if points.min() < -MAX_OUTSIDE or points.max() > 1 + MAX_OUTSIDE:
        return None
    sides = np.roll(points, -1, axis=0) - points
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    if turns.min() <= 0 or _area(points) < MIN_AREA:
        return None
    to_picture = cv2.getPerspectiveTransform(FRAME, np.asarray(crop.quad, np.float32))
    mapped = cv2.perspectiveTransform(points[None].astype(np.float64), to_picture)[0]
    a, b, c, d = ((float(x), float(y)) for x, y in mapped)
    return a, b, c, d


def fill(quad: Quad) -> float:
    """The share of its bounding box that a quad fills, 0..1: small if it is tilted."""
    points = np.asarray(quad, np.float64)
    width, height = np.ptp(points, axis=0)
    return _area(points) / max(float(width * height), 1e-9)


def _area(points: NDArray[np.float64]) -> float:
    """By the shoelace formula."""
    x, y = points.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
