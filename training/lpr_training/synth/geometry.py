"""Perspective: a plate's corners in a random view, and pictures warped onto corners.

Coordinates are continuous: pixel ``(i, j)`` covers ``(i, j)`` to ``(i + 1, j + 1)``.
"""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Box, Float32, Image, Quad
from lpr_training.synth.arrays import as_image


def random_view(
    rng: np.random.Generator, aspect: float, rotation: float = 9.0, tilt: float = 35.0
) -> Float32:
    """Return the corners (``4 x 2``, in reading order) of a plate seen by a random camera.

    Before its rotation the plate is 1 wide, ``1 / aspect`` high and centred at the origin.
    ``rotation`` is the standard deviation of the angle in the picture's plane, ``tilt`` the
    greatest angle out of it, in degrees.
    """
    half = 0.5 / aspect
    corners = np.array([[-0.5, -half, 0], [0.5, -half, 0], [0.5, half, 0], [-0.5, half, 0]])
    yaw = np.radians(np.clip(rng.normal(0, tilt / 2), -tilt, tilt))
    pitch = np.radians(np.clip(rng.normal(tilt / 6, tilt / 3), -tilt, tilt))
    corners = corners @ _turn(1, yaw).T @ _turn(0, pitch).T
    distance = rng.uniform(2.5, 8.0)
    flat = corners[:, :2] * (distance / (distance + corners[:, 2:]))
    roll = np.radians(rng.normal(0, rotation))
    flat = flat @ np.array([[1, rng.normal(0, 0.09)], [0, 1]]).T
    cos, sin = np.cos(roll), np.sin(roll)
    turned = flat @ np.array([[cos, -sin], [sin, cos]]).T
    return np.asarray(turned, np.float32)


def _turn(axis: int, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    if axis == 0:
        return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def lay_onto(below: Image, picture: Image, mask: Image, corners: Float32) -> tuple[Image, Image]:
    """Warp ``picture`` onto ``corners`` (``4 x 2``) of ``below``; return the result and the cover.

    ``mask`` (0..255) is the picture's opacity. The cover is the opacity in ``below``'s pixels.
    """
    height, width = picture.shape[:2]
    sheet = cv2.merge([cv2.multiply(picture, cv2.merge([mask] * 3), scale=1 / 255), mask])
    scale = 1.4 * max(float(np.linalg.norm(corners[1] - corners[0])), 4.0) / width
    if scale < 0.9:
        height, width = max(round(height * scale), 2), max(round(width * scale), 4)
        # Linear interpolation skips no pixel down to a half; area averaging takes four times as
        # long.
        way = cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA
        sheet = cv2.resize(sheet, (width, height), interpolation=way)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32) - 0.5)
    size = (below.shape[1], below.shape[0])
    warped = cv2.warpPerspective(sheet, matrix, size, flags=cv2.INTER_LINEAR)
    cover = np.ascontiguousarray(warped[:, :, 3])
    transparency = cv2.merge([cv2.bitwise_not(cover)] * 3)
    mixed = cv2.add(cv2.multiply(below, transparency, scale=1 / 255), warped[:, :, :3])
    return as_image(mixed), as_image(cover)


def as_quad(corners: Float32) -> Quad:
    """Convert corners (``4 x 2``) into plain numbers."""
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d


def bounds(corners: Float32) -> Box:
    """Return the bounding box of corners (``N x 2``)."""
    x0, y0 = corners.min(axis=0)
    x1, y1 = corners.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))
