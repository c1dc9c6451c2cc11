"""Pictures, single or a folder of them as a video, decoded by OpenCV."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.source.file import unreadable
from lpr.source.media_types import MediaType
from lpr.source.search import scan
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable

_MAX_SIDE = 65_536  # Pixels: the limit of :mod:`lpr.kernels`
_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


@dataclass(frozen=True)
class Picture(Closeable):
    """A picture, upright and decoded: one frame without a time.

    16-bit pictures are scaled to 8 bits, grey ones get three equal channels, the alpha channel is
    dropped, and of an animation the first picture is taken.
    """

    name: str
    image: Image
    kind: ClassVar[MediaType] = "picture"
    frames: ClassVar[int | None] = 1
    fps: ClassVar[float | None] = None

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(self.image, self.name)

    def close(self) -> None:
        """Nothing is held open."""


class FrameFolder(Closeable):
    """The pictures of a folder as frames, sorted by name, ``fps`` per second."""

    def __init__(self, name: str, fps: float) -> None:
        """Raises :class:`lpr.errors.SourceError` if the folder holds no picture."""
        self._files = scan(name)
        if not self._files:
            raise SourceError(f"{name}: the folder holds no picture")
        self._name = name
        self.fps: float | None = fps
        self.start: float | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` if a picture cannot be read."""
        for index, file in enumerate(self._files):
            time = index / (self.fps or 1.0)
            clock = None if self.start is None else self.start + time
            yield Frame(decode(file), self._name, index, time, clock)

    def close(self) -> None:
        """Nothing is held open."""


def decode(name: str) -> Image:
    try:
        data = np.frombuffer(Path(name).read_bytes(), np.uint8)
    except OSError as error:
        raise unreadable(name, error) from error
    try:
        with _without_stderr() if _QUIET.get() else contextlib.nullcontext():
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        if "CV_IO_MAX" not in error.err and error.code != cv2.Error.STS_NO_MEM:
            raise SourceError(f"{name}: the picture cannot be decoded: {error.err}") from error
        raise SourceError(
            f"{name}: the picture is too large (at most 2^30 pixels can be decoded, as far as the "
            "memory suffices); scale it down"
        ) from error
    if image is not None and max(image.shape) > _MAX_SIDE:
        raise SourceError(
            f"{name}: the picture has {image.shape[1]} x {image.shape[0]} pixels, and no side may "
            f"be longer than {_MAX_SIDE}; cut it into pieces"
        )
    if image is None:
        raise SourceError(
            f"{name}: the picture is damaged, cut short or of an unknown kind; copy it again or "
            "convert it to JPEG or PNG"
        )
    return np.asarray(image, np.uint8)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the messages of OpenCV and the picture libraries on stderr; errors are still raised.

    For commands only: it changes the log level of the whole process, and closes stderr while a
    picture is decoded. Does nothing if ``OPENCV_LOG_LEVEL`` is set.
    """
    if "OPENCV_LOG_LEVEL" in os.environ:
        yield
        return
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)
        cv2.utils.logging.setLogLevel(level)


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
