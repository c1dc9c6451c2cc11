"""A picture as a program has it -> BGR: a file, its bytes, a PIL image, an array of any layout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.source.address import is_address
from lpr.source.decoding import (
    MAX_PIXELS,
    check_size,
    decode,
    header_of,
    picture_bytes_limit,
    read_picture_file,
    too_large_file,
)
from lpr.source.file import read_head
from lpr.source.orientation import upright_pixels
from lpr.source.video_probe import detect_type
from lpr.types import AnyImage, Image
from lpr.utils.arguments import as_picture, check_uint8

if TYPE_CHECKING:
    from collections.abc import Mapping

Colors: TypeAlias = Literal["bgr", "rgb"]
"""The order of an array's channels; with a fourth one, BGRA or RGBA."""

_ORIENTATION = 0x0112  # The tag of the EXIF standard
_BYTES = "the given bytes"
_TO_BGR = {
    ("bgr", 1): cv2.COLOR_GRAY2BGR,
    ("rgb", 1): cv2.COLOR_GRAY2BGR,
    ("rgb", 3): cv2.COLOR_RGB2BGR,
    ("bgr", 4): cv2.COLOR_BGRA2BGR,
    ("rgb", 4): cv2.COLOR_RGBA2BGR,
}


class PilImage(Protocol):
    """What lpr uses of a ``PIL.Image.Image``; Pillow itself is not needed."""

    @property
    def mode(self) -> str: ...
    @property
    def size(self) -> tuple[int, int]: ...
    def convert(self, mode: str) -> Any: ...
    def getexif(self) -> Mapping[int, Any]: ...


PictureLike: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | AnyImage | PilImage
)
"""What stands for a picture as an argument:

- a path, as text or ``Path``, of a picture file
- the bytes of such a file
- an image of PIL
- a ``uint8`` array: ``H x W`` or ``H x W x 1`` (grey), ``H x W x 3`` (BGR, or RGB with
  ``colors="rgb"``), ``H x W x 4`` (the same with an alpha channel, which is dropped)

Files, bytes and PIL images are turned upright by their EXIF orientation."""


def imread(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Image:
    """The picture of a file, BGR and upright; of a file with several, the first.

    It reads what ``lpr detect`` reads: JPEG, PNG, WebP, TIFF, HEIC and others. Raises
    :class:`lpr.SourceError`, which names the file, if it is missing, damaged, no picture, or has
    more than ``max_pixels`` pixels.
    """
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"a path has to be a text or a Path, not {path!r}")
    if is_address(name):
        raise SourceError(f"{name}: this is an address, no file; fetch it and pass its bytes")
    head = read_head(name)
    kind = detect_type(name, head)
    if kind == "picture":
        return _decoded(name, read_picture_file(name, max_pixels), max_pixels)
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    what = "a video; lpr.watch reads videos" if kind == "video" else "no picture that can be read"
    raise SourceError(f"{name}: this is {what}")


def as_image(given: PictureLike, colors: Colors = "bgr", max_pixels: int = MAX_PIXELS) -> Image:
    """The picture that ``given`` stands for (:data:`PictureLike`), BGR ``uint8``; no copy of an
    array that is so already.

    ``colors`` is the order of an array's channels: files and PIL images state their own. Raises
    ``TypeError`` or ``ValueError`` for anything else, :class:`lpr.SourceError` for a file that
    cannot be read.
    """
    if colors not in ("bgr", "rgb"):
        raise ValueError(f"colors has to be 'bgr' or 'rgb', not {colors!r}")
    if isinstance(given, np.ndarray):
        return _as_bgr(given, colors)
    if isinstance(given, str | os.PathLike):
        return imread(given, max_pixels=max_pixels)
    if isinstance(given, bytes | bytearray | memoryview):
        data = bytes(given)
        if len(data) > picture_bytes_limit(max_pixels):
            raise too_large_file(_BYTES, max_pixels)
        return _decoded(_BYTES, data, max_pixels)
    if all(hasattr(given, name) for name in ("mode", "size", "convert", "getexif")):
        return _from_pil(given, max_pixels)
    check_uint8(given)
    raise AssertionError  # check_uint8 has refused what is no array


def name_of(given: PictureLike) -> str | None:
    """The file that a picture comes from, if it is known."""
    if isinstance(given, str | os.PathLike):
        return os.fspath(given)
    if isinstance(given, bytes | bytearray | memoryview | np.ndarray):
        return None
    return str(getattr(given, "filename", "")) or None


def _decoded(name: str, data: bytes, max_pixels: int) -> Image:
    return decode(name, data, header_of(name, data, max_pixels).pages[0])


def _as_bgr(array: AnyImage, colors: Colors) -> Image:
    channels = 1 if array.ndim == 2 else array.shape[-1]
    code = _TO_BGR.get((colors, channels))
    if code is None or array.ndim not in (2, 3) or array.dtype != np.uint8 or 0 in array.shape:
        return as_picture(array)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(array), code), np.uint8)


def _from_pil(image: PilImage, max_pixels: int) -> Image:
    name = name_of(image) or "the given PIL image"
    check_size(name, *image.size, max_pixels)
    try:
        if image.mode in ("I", "F"):  # their range is not known
            raise TypeError(
                f"{name}: mode {image.mode!r} has no 8 bits; convert it to 'RGB' or 'L'"
            )
        if image.mode.startswith("I;16"):
            grey = np.asarray(image)
            pixels = np.repeat((grey >> 8).astype(np.uint8)[..., None], 3, axis=2)
        else:
            pixels = np.asarray(image.convert("RGB"), np.uint8)[..., ::-1]
        orientation = image.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError) as error:  # Pillow decodes late
        raise SourceError(f"{name}: the picture is damaged or cut short: {error}") from error
    return as_picture(upright_pixels(pixels, orientation))
