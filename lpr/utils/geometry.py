"""Windows of pictures."""

from __future__ import annotations

import math

from lpr.types import AnyImage, Box, Image


def cut_out(image: AnyImage, box: Box) -> Image:
    """The pixels of ``image`` (``H x W`` or ``H x W x C``) that ``box`` touches: a view, not a
    copy, and empty if the box lies outside of the picture."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box.clipped(width, height)
    window: Image = image[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)]
    return window
