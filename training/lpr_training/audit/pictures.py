"""What is looked at in a review: a plate from near, and where it is in its photograph."""

from __future__ import annotations

import math

import cv2
import numpy as np

from lpr.types import Box, Image
from lpr_training.labelling.crops import cut

MARGIN = 0.35
"""Shown around a plate, as a fraction of its width and height."""
_NEAR = (960, 480)
_FAR = (640, 640)
_LARGEST_SCALE = 12.0

LABEL, MODEL = (0, 190, 255), (255, 144, 30)
"""The colours (BGR) of the label's box, amber, and of the model's, blue."""
_DARK = (24, 24, 24)


def near(image: Image, box: Box) -> bytes:
    """The plate in ``box`` with a little around it, enlarged, as a JPEG file; of a box that shows
    nothing of the picture (``H x W x 3``), the whole of that."""
    found = cut(image, box, MARGIN)
    return _jpeg(_fitted(found[0] if found else image, _NEAR)[0])


def far(image: Image, box: Box, other: Box | None) -> bytes:
    """The whole picture (``H x W x 3``), small, as a JPEG file: ``box`` in amber, the ``other`` one
    in blue."""
    small, scale = _fitted(image, _FAR)
    drawn = small.copy()
    for place, colour in ((other, MODEL), (box, LABEL)):
        if place is not None:
            _outline(drawn, Box(*(side * scale for side in place)), colour)
    return _jpeg(drawn)


def _fitted(image: Image, most: tuple[int, int]) -> tuple[Image, float]:
    height, width = image.shape[:2]
    scale = min(most[0] / width, most[1] / height, _LARGEST_SCALE)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, size, interpolation=way), np.uint8), scale


def _outline(image: Image, box: Box, colour: tuple[int, int, int]) -> None:
    """Around the box, so that nothing of the plate is hidden."""
    begin = math.floor(box.x0) - 2, math.floor(box.y0) - 2
    end = math.ceil(box.x1) + 1, math.ceil(box.y1) + 1
    cv2.rectangle(image, begin, end, _DARK, 4)
    cv2.rectangle(image, begin, end, colour, 2)


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()
