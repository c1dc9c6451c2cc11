"""Animated pictures: GIF, APNG, WebP, AVIF."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.source.decoding import damaged, opencv_errors
from lpr.source.media_types import MediaType
from lpr.source.opencv_version import require_function
from lpr.source.picture_header import PictureHeader
from lpr.types import Frame
from lpr.utils.closing import Closeable

_BLOCK_PIXELS = 64_000_000  # decoded at once, 0.25 GB; each block is searched from the beginning
# Browsers show a frame that states no more than 10 ms for 100 ms.
_SHORTEST, _INSTEAD = 0.010, 0.100  # seconds


class Animation(Closeable):
    """An animated picture as a video: only the frames 0, ``every``, 2 x ``every``... are given.

    ``frames`` is their number (None if the file does not state it), ``fps`` their mean rate.
    """

    kind: ClassVar[MediaType] = "video"

    def __init__(self, name: str, data: bytes, header: PictureHeader, every: int = 1) -> None:
        """Raises :class:`lpr.errors.SourceError` if the first frames cannot be decoded."""
        self.name = name
        self._data = np.frombuffer(data, np.uint8).reshape(1, -1)
        self._every = every
        self._stated = header.frames
        self._block = max(2, _BLOCK_PIXELS // header.pixels)
        require_function(name, "imdecodeanimation", "an animation")
        self._first = self._decode(0)
        if not self._first.frames:
            raise damaged(name)
        shown = [_seconds(each) for each in self._first.durations]
        self.fps: float | None = len(shown) / sum(shown) / every if shown else None
        self.frames = math.ceil(self._stated / every) if self._stated else None
        self.start: float | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` after the last frame if some are missing."""
        index, time = 0, 0.0
        block = self._first
        while block.frames:
            for image, duration in itertools.zip_longest(block.frames, block.durations):
                if image is None:
                    break
                if index % self._every == 0:
                    clock = None if self.start is None else self.start + time
                    bgr = np.ascontiguousarray(image[..., :3], np.uint8)
                    yield Frame(bgr, self.name, index, time, clock)
                index, time = index + 1, time + _seconds(duration)
            if len(block.frames) < self._block:
                break
            block = self._decode(index)
        if self._stated and index < self._stated:
            raise SourceError(
                f"{self.name}: the animation ended after {index} of {self._stated} frames: it is "
                "damaged or cut short; copy it again"
            )

    def _decode(self, start: int) -> Any:
        with opencv_errors(self.name):
            return cv2.imdecodeanimation(self._data, start, self._block)[1]

    def close(self) -> None:
        """Nothing is held open."""


def _seconds(duration: int | None) -> float:
    """The time for which a frame is shown, which is stated in milliseconds."""
    seconds = (duration or 0) / 1000
    return seconds if seconds > _SHORTEST else _INSTEAD
