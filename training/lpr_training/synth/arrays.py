"""Array types that OpenCV's and NumPy's stubs leave open, and JPEG compression."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lpr.types import Float32, Image


def as_image(array: NDArray[Any]) -> Image:
    """The same array as ``uint8``."""
    return array.astype(np.uint8, copy=False)


def as_float(array: NDArray[Any]) -> Float32:
    """The same array as ``float32``."""
    return array.astype(np.float32, copy=False)


def through_jpeg(picture: Image, quality: int) -> Image:
    """Return a picture (BGR) compressed at a quality of 0..100, and decoded."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
