"""Narrows the array types that OpenCV's and NumPy's stubs leave open, without copying."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpr.types import Float32, Image


def as_image(array: NDArray[Any]) -> Image:
    """The same array as ``uint8``."""
    return array.astype(np.uint8, copy=False)


def as_float(array: NDArray[Any]) -> Float32:
    """The same array as ``float32``."""
    return array.astype(np.float32, copy=False)
