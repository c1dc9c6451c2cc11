"""Decoding of picture files: OpenCV, with FFmpeg for Targa and libheif for HEIC."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.source.file import unreadable
from lpr.source.media_types import is_heic, is_tga
from lpr.source.picture_header import PictureHeader, parse_header
from lpr.types import Image

MAX_PIXELS = 250_000_000
"""Pixels of a picture by default: more than any phone takes (200 million). Decoded, it has 0.75 GB,
and a decoder may need three times as much."""
_MAX_SIDE = 65_536  # Pixels: the limit of :mod:`lpr.kernels`
_FILE_BYTES_PER_PIXEL = 4  # of the largest picture; one that is not compressed has 3
_SILENT = 0  # OpenCV's log level without messages
_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


def read_picture_file(name: str, max_pixels: int) -> bytes:
    """The bytes of a picture file; raises :class:`lpr.errors.SourceError`."""
    limit = picture_bytes_limit(max_pixels)
    try:
        with Path(name).open("rb") as file:
            status = os.fstat(file.fileno())
            # A file that is written to while it is read may become larger.
            size = status.st_size if stat.S_ISREG(status.st_mode) else 0
            data = file.read(limit + 1) if size <= limit else b""
    except OSError as error:
        raise unreadable(name, error) from error
    except MemoryError as error:
        raise SourceError(
            f"{name}: the file is too large for the memory ({size:,} bytes)"
        ) from error
    if max(size, len(data)) > limit:
        raise too_large_file(name, max_pixels)
    return data


def picture_bytes_limit(max_pixels: int) -> int:
    """The bytes that the file of a picture may have."""
    return _FILE_BYTES_PER_PIXEL * max_pixels


def too_large_file(name: str, max_pixels: int) -> SourceError:
    return SourceError(
        f"{name}: the file is too large for a picture: it has more than "
        f"{picture_bytes_limit(max_pixels):,} bytes, {_FILE_BYTES_PER_PIXEL} for each of "
        f"{max_pixels:,} pixels; raise that limit with --max-pixels (max_pixels)"
    )


def header_of(name: str, data: bytes, max_pixels: int) -> PictureHeader:
    """The header of the picture ``name``, whose size is checked.

    Raises :class:`lpr.errors.SourceError` if it is damaged, has more than ``max_pixels`` pixels, or
    a side that is too long.
    """
    header = _tga_header(data) if is_tga(name, data) else parse_header(data)
    if header is None:
        raise damaged(name)
    check_size(name, header.width, header.height, max_pixels)
    return header


def check_size(name: str, width: int, height: int, max_pixels: int, what: str = "picture") -> None:
    """Raise SourceError if a picture of ``width`` x ``height`` pixels is too large."""
    if width * height > max_pixels:
        raise SourceError(
            f"{name}: the {what} is too large: it has {width} x {height} pixels, and at most "
            f"{max_pixels:,} are read; scale it down, or raise the limit with --max-pixels "
            "(max_pixels)"
        )
    if max(width, height) > _MAX_SIDE:
        raise SourceError(
            f"{name}: the {what} has {width} x {height} pixels, and no side may be longer than "
            f"{_MAX_SIDE}; cut it into pieces"
        )


def damaged(name: str) -> SourceError:
    return SourceError(
        f"{name}: the picture is damaged, cut short or of an unknown kind; copy it again or "
        "convert it to JPEG or PNG"
    )


def decode(name: str, data: bytes, page: int = 0) -> Image:
    """Decode one page of a picture file whose size has been checked (:func:`header_of`).

    Raises :class:`lpr.errors.SourceError` if it cannot be decoded.
    """
    if is_heic(data):
        from lpr.source.heic import decode_heic  # imports an optional library

        return decode_heic(name, data)
    if is_tga(name, data):
        from lpr.source.targa import decode_targa  # imports PyAV, which other pictures do not need

        return decode_targa(name, data)
    with opencv_errors(name):
        buffer = np.frombuffer(data, np.uint8)
        if page:
            _, images = cv2.imdecodemulti(buffer, cv2.IMREAD_COLOR, range=(page, page + 1))
            image = images[0] if images else None
        else:
            image = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
    if image is None:
        raise damaged(name)
    return np.asarray(image, np.uint8)


@contextlib.contextmanager
def opencv_errors(name: str) -> Iterator[None]:
    """Turn OpenCV's errors in the block into a SourceError about the picture ``name``."""
    try:
        with _without_stderr() if _QUIET.get() else contextlib.nullcontext():
            yield
    except MemoryError as error:
        raise SourceError(f"{name}: the picture is too large for the memory") from error
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise SourceError(f"{name}: the picture is too large for the memory") from error
        if "CV_IO_MAX" in error.err:
            raise SourceError(
                f"{name}: the picture is too large: OpenCV decodes at most 2^30 pixels "
                "(OPENCV_IO_MAX_IMAGE_PIXELS); scale it down"
            ) from error
        raise SourceError(f"{name}: the picture cannot be decoded: {error.err}") from error


def _tga_header(data: bytes) -> PictureHeader | None:
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (12, 14))
    return PictureHeader(width, height) if width and height else None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the messages of OpenCV and the picture libraries on stderr; errors are still raised.

    For commands only: it changes the log level of the whole process, and closes stderr while a
    picture is decoded. Does nothing if ``OPENCV_LOG_LEVEL`` is set.
    """
    if "OPENCV_LOG_LEVEL" in os.environ:
        yield
        return
    # OpenCV 4.13 moved both functions from cv2 to cv2.utils.logging.
    logging = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging
    level = logging.getLogLevel()
    logging.setLogLevel(_SILENT)
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)
        logging.setLogLevel(level)


@contextlib.contextmanager
def _without_stderr() -> Iterator[None]:
    """Silence libpng and libjpeg, which write warnings directly to file descriptor 2."""
    try:
        stderr = os.dup(2)
    except OSError:  # the process was started without a stderr
        yield
        return
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
