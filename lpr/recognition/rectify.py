"""Detections -> crops -> upright pictures of the plates."""

from __future__ import annotations

import math

import cv2
import numpy as np

from lpr.types import Crop, Detection, Image, Quad


def rectify(image: Image, detection: Detection) -> Crop:
    """The crop of a detection: its corners in its picture."""
    return Crop(image, detection.quad, detection.touches)


def upright(crop: Crop, width: int | None = None, height: int | None = None) -> Image:
    """Warp the plate to an upright picture: BGR, ``height x width x 3``, in pixels.

    The size is by default that of the plate (:func:`natural_size`). For recognizers that take
    pictures; :func:`lpr.kernels.warp` cuts a CTC network's batch.
    """
    natural_width, natural_height = natural_size(crop.quad)
    width, height = width or natural_width, height or natural_height
    source = np.asarray(crop.quad, np.float32)
    target = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    # Pixel centres have half-integer coordinates here, and integer ones in OpenCV.
    matrix = cv2.getPerspectiveTransform(source - 0.5, target - 0.5)
    warped = cv2.warpPerspective(
        crop.image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def natural_size(quad: Quad) -> tuple[int, int]:
    """A quad's width and height in whole pixels, at least 1: mean lengths of opposite edges."""
    top_left, top_right, bottom_right, bottom_left = quad
    width = (math.dist(top_left, top_right) + math.dist(bottom_left, bottom_right)) / 2
    height = (math.dist(top_left, bottom_left) + math.dist(top_right, bottom_right)) / 2
    return max(round(width), 1), max(round(height), 1)
