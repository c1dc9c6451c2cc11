"""Video decoding with FFmpeg's libraries (PyAV): files, streams, cameras, standard input."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, BinaryIO, ClassVar, Literal, TypeAlias

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from lpr.errors import SourceError
from lpr.source.decoding import MAX_PIXELS, check_size
from lpr.source.media_types import MediaType
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable

ThreadType: TypeAlias = Literal["NONE", "SLICE", "FRAME", "AUTO"]
"""How FFmpeg parallelizes the decoder of one stream.

NONE is right for :func:`lpr.watch`, which reads one stream per thread: two 1080p streams of H.264
on two cores take 12.6 ms of CPU time per frame with or without threads, and each frame thread would
delay a live stream by one frame."""

_MAX_FPS = 1000.0  # Frames per second; containers that state more hold a clock rate in that field
# A picture may have this many times the pixels of a video's frame: a decoder holds up to 16 frames
# that later ones refer to. By default, 62 million pixels are left; 8K has 33 million.
_PICTURE_TO_FRAME = 4
_EDGES = 1 << 16  # Pixels around the smallest frames in a decoder's buffers, generously


class Stream(Closeable):
    """A video stream. Iterating over it decodes its frames; this can be done once.

    ``fps`` is the rate of the frames that are given (None if the container states no credible one),
    ``frames`` their number (an estimate for many containers; None if the container has none, as in
    a live stream), ``start`` the recording time in seconds since 1970 (None if the container states
    none), ``read`` the number of frames decoded so far. A frame's index counts all frames of the
    stream; its time is in seconds from the first frame, and never decreases. Frames are rotated
    upright.
    """

    kind: ClassVar[MediaType] = "video"

    def __init__(
        self,
        url: str | BinaryIO,
        shown: str,
        format_: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float | None = None,
        every: int = 1,
        threads: ThreadType = "NONE",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        """Open the stream. ``shown`` names it in messages and frames.

        ``timeout`` limits the opening and each read, in seconds. Only the frames 0, ``every``,
        2 x ``every``... are given. ``max_pixels`` is the limit of a picture; a frame may have a
        quarter. Raises :class:`lpr.errors.SourceError` if the stream cannot be opened, holds no
        video, or has larger frames.
        """
        self._shown = shown
        av.logging.set_level(None)
        try:
            self._container: Any = av.open(
                url, "r", format=format_, options=options or {}, timeout=timeout
            )
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise SourceError(f"{shown}: cannot be opened: {_reason(error)}") from error
        video = self._container.streams.video
        if not video or video[0].codec_context is None:
            self._container.close()
            raise SourceError(f"{shown}: it holds no video that can be decoded")
        self._stream = video[0]
        self._limit_frames(max_pixels // _PICTURE_TO_FRAME)
        self._stream.thread_type = threads
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        self._rate = rate if 0 < rate <= _MAX_FPS else None
        self._every = every
        self.fps = self._rate / every if self._rate else None
        self.start = _recording_time(self._container.metadata.get("creation_time"))
        self._stated: int = self._stream.frames  # 0 if the container does not count its frames
        count = self._stated or round(self._seconds() * (self._rate or 0))
        self.frames: int | None = math.ceil(count / every) or None
        self.read = 0

    def _limit_frames(self, max_pixels: int) -> None:
        """Refuse frames that are too large, also those that become so later."""
        context = self._stream.codec_context
        try:
            check_size(self._shown, context.width, context.height, max_pixels, "video's frame")
        except SourceError:
            self._container.close()
            raise
        # FFmpeg counts the pixels of its buffers, which have edges.
        context.options = {**context.options, "max_pixels": str(2 * max_pixels + _EDGES)}

    def _seconds(self) -> float:
        if self._container.duration:
            return float(self._container.duration / 1_000_000)  # in microseconds
        return float((self._stream.duration or 0) * (self._stream.time_base or 0))

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` if the stream breaks off."""
        converter = VideoReformatter()
        first: int | None = None
        time = 0.0
        try:
            for picture in self._decode():
                index, self.read = self.read, self.read + 1
                first = picture.pts if first is None else first
                if index % self._every:
                    continue
                if picture.pts is not None and first is not None:
                    time = max(time, float((picture.pts - first) * self._stream.time_base))
                elif self._rate:
                    time = max(time, index / self._rate)
                clock = None if self.start is None else self.start + time
                yield Frame(_upright(picture, converter), self._shown, index, time, clock)
        except (av.FFmpegError, OSError, MemoryError) as error:
            raise SourceError(
                f"{self._shown}: broke off after {self.read} frames: {_reason(error)}"
            ) from error

    def _decode(self) -> Iterator[Any]:
        yield from self._container.decode(self._stream)

    def close(self) -> None:
        self._container.close()


def _upright(picture: Any, converter: VideoReformatter) -> Image:
    # 4:2:0 in even sizes, which is nearly all video, is converted without interpolation. Other
    # formats interpolate the colours: bicubic costs the same and is FFmpeg's default.
    image = converter.reformat(picture, format="bgr24", interpolation="BICUBIC").to_ndarray()
    turns = round(getattr(picture, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else np.asarray(image, np.uint8)


def _recording_time(text: str | None) -> float | None:
    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp() or None


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "the memory does not suffice"
    if isinstance(error, av.ExitError):
        return "no data came in time"
    return str(getattr(error, "strerror", None) or error)
