"""Drawing plates and tracks onto a picture: outlines in light blue, texts above them.

Doubtful plates have dashed outlines, and their confidence beside the text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from lpr.sightings import TrackOverlay
from lpr.types import AnyImage, Box, Image, Plate, Quad
from lpr.utils.arguments import as_picture, expect_all

LIGHT_BLUE = (250, 206, 135)
_INK = (64, 32, 0)
_FONT = cv2.FONT_HERSHEY_DUPLEX
_LINE = 1 / 360  # Width of lines, as a share of the picture's shorter side
_TEXT = 1 / 30  # Height of text, as a share of the picture's shorter side
_MIN_TEXT = 10.0  # Smallest height of text, in pixels
_DASH = 4  # Length of a dash and of a gap, in widths of the line
_MAX_DASHES = 100  # Dashes of an edge: a box may be far larger than the picture
_ROWS = 4  # Places tried above and below a box for a label that covers no other, in its heights


def annotate(image: AnyImage, plates: Sequence[Plate]) -> Image:
    """A copy of ``image`` (BGR, ``H x W x 3``) with every plate's box, corners and text.

    Lines and letters scale with the picture. The text is above the box on a filled label, or below
    it if there is no room above; labels are kept inside the picture, and moved up or down from one
    another. Doubtful plates (``plate.doubts``) are dashed and show their confidence.
    """
    drawn: Image = as_picture(image).copy()
    line = max(1, round(min(image.shape[:2]) * _LINE))
    plates = expect_all("plates", plates, Plate, "a sequence of Plates")
    for plate in plates:
        quads = dict.fromkeys([plate.box.quad, plate.detection.quad])
        _outline(drawn, list(quads), line, bool(plate.doubts))
    _label(drawn, [(plate.box, _caption(plate)) for plate in plates], line)
    return drawn


def annotate_tracks(image: AnyImage, tracks: Sequence[TrackOverlay]) -> Image:
    """A copy of ``image`` with every track's box, trail and text so far.

    The box is thin where the plate was predicted and not detected. Texts and doubtful plates look
    as :func:`annotate` draws them.
    """
    drawn: Image = image.copy()
    line = max(1, round(min(image.shape[:2]) * _LINE))
    for track in tracks:
        trail = np.round((np.asarray([*track.trail, track.box.center]) - 0.5) * 16).astype(np.int32)
        cv2.polylines(drawn, [trail], False, LIGHT_BLUE, 1, cv2.LINE_AA, 4)
        doubtful = track.plate is not None and bool(track.plate.doubts)
        _outline(drawn, [track.box.quad], line if track.found else 1, doubtful)
    captions = [(t.box, _caption(t.plate) if t.plate else t.text) for t in tracks]
    _label(drawn, captions, line)
    return drawn


def _caption(plate: Plate) -> str:
    """The text of a plate, with its confidence if it is doubtful."""
    text = plate.display or plate.text
    if not text.isascii():
        text = plate.text  # OpenCV's built-in font has ASCII only.
    return f"{text} {plate.confidence:.2f}?" if text and plate.doubts else text


def _outline(drawn: Image, quads: Sequence[Quad], line: int, dashed: bool) -> None:
    """Draw ``quads``, the first one on a dark line that keeps it visible on white cars."""
    for number, quad in enumerate(quads):
        # With shift 4, OpenCV takes sixteenths of pixels from the middle of pixel (0, 0).
        points = np.round((np.asarray(quad) - 0.5) * 16).astype(np.int32)
        pieces = list(_dashes(points, 16.0 * _DASH * line)) if dashed else [points]
        if number == 0:
            cv2.polylines(drawn, pieces, not dashed, _INK, line + 2, cv2.LINE_AA, 4)
        cv2.polylines(drawn, pieces, not dashed, LIGHT_BLUE, line, cv2.LINE_AA, 4)


def _dashes(points: np.ndarray, length: float) -> Iterator[np.ndarray]:
    """Pieces of the closed polygon ``points``, about ``length`` long with gaps of the same length;
    each edge begins and ends with one, so that the corners show."""
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        gaps = min(math.ceil(math.dist(start, end) / length / 2), _MAX_DASHES)
        steps = np.linspace(start, end, 2 * gaps + 2).round().astype(np.int32)
        yield from (steps[index : index + 2] for index in range(0, len(steps), 2))


def _label(drawn: Image, captions: Sequence[tuple[Box, str]], line: int) -> None:
    """Draw texts at the boxes of their plates into ``drawn``, none over another if possible."""
    taken: list[Box] = []
    for box, text in captions:
        if text:
            taken.append(_draw_label(drawn, box, text, line, taken))


def _draw_label(drawn: Image, box: Box, text: str, line: int, taken: Sequence[Box]) -> Box:
    """Draw one text; returns its place."""
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
    rows = [y for row in range(_ROWS) for y in (above - row * h, below + row * h)]
    inside = [y for y in rows if 0 <= y <= height - h]
    fallback = max(0, min(above if above >= 0 else below, height - h))
    y = min(
        inside or [fallback],
        key=lambda y: sum(Box(x, y, x + w, y + h).intersection(other).area for other in taken),
    )
    cv2.rectangle(drawn, (x, y), (x + w - 1, y + h - 1), LIGHT_BLUE, cv2.FILLED)
    origin = (x + padding, y + h - 1 - padding)
    cv2.putText(drawn, text, origin, _FONT, scale, _INK, line, cv2.LINE_AA)
    return Box(x, y, x + w, y + h)
