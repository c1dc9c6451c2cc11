"""The pictures of a review: a plate close up, and its place in the photograph."""

from __future__ import annotations

import math

import cv2
import numpy as np

from lpr.types import Box, Image
from lpr_training.labelling.crops import cut

MARGIN = 0.35
"""The margin around a plate, as a fraction of its width and height."""
# The largest sizes of the close-up and of the photograph, in pixels of the page.
_NEAR, _FAR = (960, 480), (640, 640)
_LARGEST_SCALE = 12.0  # The largest magnification of a plate; beyond it only blur grows

LABEL, MODEL = (0, 190, 255), (255, 144, 30)
"""BGR colours of the label's box (amber) and of the model's (blue)."""
_DARK = (24, 24, 24)


def near(image: Image, box: Box) -> bytes:
    """The plate in ``box`` with a margin, enlarged, as a JPEG file; the whole picture
    (``H x W x 3``) if the box lies outside of it."""
    found = cut(image, box, MARGIN)
    return _jpeg(_fitted(found[0] if found else image, _NEAR)[0])


def far(image: Image, box: Box, other: Box | None) -> bytes:
    """The whole picture (``H x W x 3``), reduced, as a JPEG file with ``box`` in amber and
    ``other`` in blue."""
    small, scale = _fitted(image, _FAR)
    drawn = small.copy()
    for place, colour in ((other, MODEL), (box, LABEL)):
        if place is not None:
            _outline(drawn, Box(*(side * scale for side in place)), colour)
    return _jpeg(drawn)


def _fitted(image: Image, limit: tuple[int, int]) -> tuple[Image, float]:
    height, width = image.shape[:2]
    scale = min(limit[0] / width, limit[1] / height, _LARGEST_SCALE)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8), scale


def _outline(image: Image, box: Box, colour: tuple[int, int, int]) -> None:
    """Draw a frame around the box, outside of the plate."""
    begin = math.floor(box.x0) - 2, math.floor(box.y0) - 2
    end = math.ceil(box.x1) + 1, math.ceil(box.y1) + 1
    cv2.rectangle(image, begin, end, _DARK, 4)
    cv2.rectangle(image, begin, end, colour, 2)


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()
