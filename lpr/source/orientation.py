"""EXIF orientations: how a picture is turned before it is shown, and boxes turned with it."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.types import Box, Image

_TAG, _SHORT = 0x0112, 3  # "Orientation" in the EXIF standard (CIPA DC-008), a 16-bit number
_ENTRY = 12  # Bytes of a directory's entry


def orientation_in(exif: bytes) -> int:
    """The orientation (1 to 8) in EXIF data, which begins with ``II`` or ``MM``; 1 without one."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        if order is None:
            return 1
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for number in range(count):
            place = start + 2 + _ENTRY * number
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, place)
            if tag == _TAG and kind == _SHORT:
                return value if value in range(1, 9) else 1
    except struct.error:  # cut short
        return 1
    return 1


def stored_form(name: str) -> tuple[int, int, int]:
    """Width and height of a picture file's stored pixels, and its EXIF orientation.

    Raises :class:`lpr.errors.SourceError` if it cannot be decoded.
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image, kinds, parts = cv2.imreadWithMetadata(name, flags=flags)
    except cv2.error as error:
        raise SourceError(f"{name}: the picture cannot be decoded: {error.err}") from error
    if image is None:
        raise SourceError(f"{name}: the picture cannot be decoded; copy it again")
    exif = [bytes(p) for k, p in zip(kinds, parts, strict=True) if k == cv2.IMAGE_METADATA_EXIF]
    return image.shape[1], image.shape[0], orientation_in(exif[0]) if exif else 1


def upright_pixels(stored: Image, orientation: object) -> Image:
    """The picture of ``stored`` pixels as it is shown, a view; unchanged for what is no orientation
    (1 to 8)."""
    if orientation in (5, 6, 7, 8):  # rows and columns are exchanged
        stored = np.swapaxes(stored, 0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return stored[::rows, ::columns]


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """The size of a picture of ``width`` x ``height`` stored pixels as it is shown."""
    return (height, width) if orientation >= 5 else (width, height)


def upright_box(box: Box, width: int, height: int, orientation: int) -> Box:
    """A box on the stored pixels (``width`` x ``height``) as one of the upright picture."""
    x0, y0, x1, y1 = box
    if orientation in (2, 3, 6, 7):  # the stored rows or columns run from right to left
        flips_x = orientation in (2, 3, 7)
        flips_y = orientation in (3, 6, 7)
    else:
        flips_x, flips_y = orientation == 8, orientation == 4
    if flips_x:
        x0, x1 = width - x1, width - x0
    if flips_y:
        y0, y1 = height - y1, height - y0
    return Box(y0, x0, y1, x1) if orientation >= 5 else Box(x0, y0, x1, y1)
