"""Moving pictures through FFmpeg's libraries (PyAV): files, streams, cameras, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from lpr.errors import SourceError
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable

_HIGHEST_FPS = 1000.0


class Stream(Closeable):
    """A stream of frames, decoded while it is iterated over, which can be done once.

    ``fps`` is what the container says (None where it gives no credible rate), ``start`` when it was
    recorded (seconds since 1970), where it says so. A frame's time is in seconds from the first
    frame, and never decreases.
    """

    def __init__(
        self,
        text: str | BinaryIO,
        shown: str,
        format_: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Raises :class:`lpr.errors.SourceError` where it cannot be opened.

        ``timeout`` is how many seconds to wait for it to open, and for each of its frames.
        """
        self._shown = shown
        av.logging.set_level(None)
        try:
            self._container: Any = av.open(
                text, "r", format=format_, options=options or {}, timeout=timeout
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise SourceError(f"{shown}: cannot be opened: {_said(error)}") from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{shown}: there is no video in it")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "NONE"
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        self.fps = rate if 0 < rate <= _HIGHEST_FPS else None
        self.start = _recorded(self._container.metadata.get("creation_time"))
        self.read = 0

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` where it breaks off."""
        converter = VideoReformatter()
        first: float | None = None
        time = 0.0
        try:
            for picture in self._container.decode(self._stream):
                if picture.time is not None:
                    first = picture.time if first is None else first
                    time = max(time, picture.time - first)
                elif self.read and self.fps:
                    time += 1 / self.fps
                clock = None if self.start is None else self.start + time
                yield Frame(_upright(picture, converter), self._shown, self.read, time, clock)
                self.read += 1
        except (av.FFmpegError, OSError) as error:
            raise SourceError(
                f"{self._shown}: broke off after {self.read} frames: {_said(error)}"
            ) from error

    def close(self) -> None:
        self._container.close()


def standard_input() -> Stream:
    """What is piped in. Raises :class:`lpr.errors.SourceError` where that is no video."""
    try:
        # Python's own buffer has a lock, which a thread that waits for more would hold to the end.
        pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    except (AttributeError, OSError, ValueError) as error:
        raise SourceError("-: there is no standard input") from error
    return _Piped(pipe, "-")


class _Piped(Stream):
    """What comes from a pipe, in which nobody can go back."""

    _HINT = (
        "; an MP4 that has its index at the end cannot be piped: name the file, or pipe Matroska "
        "or MPEG-TS"
    )

    def __init__(self, pipe: BinaryIO, shown: str) -> None:
        try:
            super().__init__(pipe, shown)
        except SourceError as error:
            raise SourceError(f"{error}{self._HINT}") from error

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from super().__iter__()
        except SourceError as error:
            raise SourceError(f"{error}{'' if self.read else self._HINT}") from error


def _upright(picture: Any, converter: VideoReformatter) -> Image:
    # No size changes, so that nothing is interpolated: the fast way gives the very same pixels, in
    # a quarter of the time.
    image = converter.reformat(picture, format="bgr24", interpolation="FAST_BILINEAR").to_ndarray()
    turns = round(getattr(picture, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else np.asarray(image, np.uint8)


def _recorded(text: str | None) -> float | None:
    from datetime import datetime, timezone

    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp() or None


def _said(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return str(reason)
