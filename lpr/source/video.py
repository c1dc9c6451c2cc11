"""Videos, decoded frame by frame."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.source.media_types import Kind
from lpr.source.truncation import is_cut
from lpr.types import Frame
from lpr.utils.closing import Closeable

_HIGHEST_FPS = 1000.0


class Video(Closeable):
    """A video file, decoded while it is iterated over, which can be done once.

    ``frames`` and ``fps`` speak of the frames that are given: how many are to come (None where the
    container does not say; many containers only estimate it) and how many make a second of the
    video (None where the container gives no credible rate). A frame's index counts all frames of
    the file; its time is the container's, in seconds from the start, and never decreases. Rotation
    that the container asks for has been done.
    """

    kind: ClassVar[Kind] = "video"

    def __init__(self, name: str, every: int, exact: bool) -> None:
        """``exact`` says that the container counts its frames and does not estimate them."""
        self.name = name
        self._every = every
        self._exact = exact
        try:
            # The whole path, because FFmpeg takes "a:b.mp4" for a protocol called "a".
            path = str(Path(name).absolute())
            path.encode()
            self._capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        except UnicodeEncodeError:
            raise SourceError(f"{name!r}: the name is not valid UTF-8; rename the file") from None
        if not self._capture.isOpened():
            raise SourceError(
                f"{name}: the video cannot be opened: it is damaged, cut short or in an unknown "
                "format; copy it again or convert it to MP4"
            )
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._rate = rate if 0 < rate <= _HIGHEST_FPS else None
        self._count = int(count) if count > 0 and (exact or self._rate) else None
        self.fps = self._rate / every if self._rate else None
        self.frames = math.ceil(self._count / every) if self._count else None

    def __iter__(self) -> Iterator[Frame]:
        read = 0
        time = 0.0
        while self._capture.grab():
            index, read = read, read + 1
            if index % self._every:
                continue
            decoded, image = self._capture.retrieve()
            if not decoded:
                raise SourceError(f"{self.name}: frame {index} cannot be decoded; convert it")
            time = max(time, self._time(index))
            yield Frame(np.asarray(image, np.uint8), self.name, index, time)
        reason = self._shortfall(read)
        if reason:
            raise SourceError(f"{self.name}: the video {reason}")

    def _time(self, index: int) -> float:
        position = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Raw streams, and the last frames of some containers, have no time: it is then given as 0.
        return index / self._rate if position <= 0 and self._rate else position

    def _shortfall(self, read: int) -> str | None:
        """What is missing after ``read`` frames; None if nothing is.

        The size that the container declares is the surest witness. The count alone is not: frames
        that an edit list cuts away are counted, and Matroska's count is a guess.
        """
        missing = self._count - read if self._exact and self._count else None
        if read == 0:
            return "holds no frame that can be decoded; copy it again or convert it to MP4"
        if missing is not None and missing <= 0:
            return None
        of = f"{read} of {self._count} frames" if missing else f"{read} frames"
        if is_cut(Path(self.name)):
            return f"ended after {of}: the file is cut short; copy it again"
        if missing and missing > max(30, read // 10):
            return f"ended after {of}: the rest is damaged or was cut away in editing"
        return None

    def close(self) -> None:
        self._capture.release()
