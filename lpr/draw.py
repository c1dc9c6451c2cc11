"""Drawing plates and tracks onto a picture: outlines in light blue, texts above them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from lpr.sightings import TrackOverlay
from lpr.types import AnyImage, Box, Image, Plate
from lpr.utils.arguments import as_picture, expect_all

LIGHT_BLUE = (250, 206, 135)
_INK = (64, 32, 0)
_FONT = cv2.FONT_HERSHEY_DUPLEX
_LINE = 1 / 360  # Width of lines, as a share of the picture's shorter side
_TEXT = 1 / 30  # Height of text, as a share of the picture's shorter side
_MIN_TEXT = 10.0  # Smallest height of text, in pixels


def annotate(image: AnyImage, plates: Sequence[Plate]) -> Image:
    """A copy of ``image`` (BGR, ``H x W x 3``) with every plate's box, corners and text.

    Lines and letters scale with the picture. The text is above the box on a filled label, or below
    it if there is no room above; labels are kept inside the picture.
    """
    drawn: Image = as_picture(image).copy()
    line = max(1, round(min(image.shape[:2]) * _LINE))
    for plate in expect_all("plates", plates, Plate, "a sequence of Plates"):
        # With shift 4, OpenCV takes sixteenths of pixels from the middle of pixel (0, 0).
        quad = np.round((np.asarray(plate.detection.quad) - 0.5) * 16).astype(np.int32)
        box = np.round((np.asarray(plate.box.quad) - 0.5) * 16).astype(np.int32)
        # The dark line below keeps the light one visible on white cars.
        cv2.polylines(drawn, [box], True, _INK, line + 2, cv2.LINE_AA, 4)
        cv2.polylines(drawn, [box, quad], True, LIGHT_BLUE, line, cv2.LINE_AA, 4)
    for plate in plates:
        text = plate.display or plate.text
        # OpenCV's built-in font has ASCII only.
        _label(drawn, plate.box, text if text.isascii() else plate.text, line)
    return drawn


def annotate_tracks(image: AnyImage, tracks: Sequence[TrackOverlay]) -> Image:
    """A copy of ``image`` with every track's box, trail and text so far.

    The box is thin where the plate was predicted and not detected.
    """
    drawn: Image = image.copy()
    line = max(1, round(min(image.shape[:2]) * _LINE))
    for track in tracks:
        trail = np.round((np.asarray([*track.trail, track.box.center]) - 0.5) * 16).astype(np.int32)
        box = np.round((np.asarray(track.box.quad) - 0.5) * 16).astype(np.int32)
        thick = line if track.found else 1
        cv2.polylines(drawn, [trail], False, LIGHT_BLUE, 1, cv2.LINE_AA, 4)
        cv2.polylines(drawn, [box], True, _INK, thick + 2, cv2.LINE_AA, 4)
        cv2.polylines(drawn, [box], True, LIGHT_BLUE, thick, cv2.LINE_AA, 4)
    for track in tracks:
        _label(drawn, track.box, track.text, line)
    return drawn


def _label(drawn: Image, box: Box, text: str, line: int) -> None:
    """Draw the text of a plate at ``box`` into ``drawn``."""
    if not text:
        return
    height, width = drawn.shape[:2]
    text_height = max(_MIN_TEXT, min(height, width) * _TEXT)
    scale = cv2.getFontScaleFromHeight(_FONT, 100, line) * text_height / 100
    padding = max(2, round(text_height / 4))
    (w, h), _ = cv2.getTextSize(text, _FONT, scale, line)
    fit = (width - 2 * padding) / w
    if fit < 1:
        scale = max(scale * fit, 0.01)
        (w, h), _ = cv2.getTextSize(text, _FONT, scale, line)
    w, h = w + 2 * padding, h + 2 * padding
    x = max(0, min(round(box.x0), width - w))
    above, below = round(box.y0) - h - line, round(box.y1) + line
    y = above if above >= 0 else below
    y = max(0, min(y, height - h))
    cv2.rectangle(drawn, (x, y), (x + w - 1, y + h - 1), LIGHT_BLUE, cv2.FILLED)
    origin = (x + padding, y + h - 1 - padding)
    cv2.putText(drawn, text, origin, _FONT, scale, _INK, line, cv2.LINE_AA)
