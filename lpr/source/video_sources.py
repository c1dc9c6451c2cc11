"""Sources to be watched: video files, folders of pictures, streams, cameras, standard input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from lpr.errors import SourceError
from lpr.source.address import Address
from lpr.source.av_stream import Stream, standard_input
from lpr.source.file import read_head
from lpr.source.image_sequence import FrameFolder
from lpr.source.live import Away, Back, Live
from lpr.source.media_types import kind_by
from lpr.source.video import Video
from lpr.types import Frame
from lpr.utils.closing import Closeable


class MovingSource(Protocol):
    """Gives frames in order, once; a live source also reports when it is lost and restored."""

    @property
    def fps(self) -> float | None:
        """Frames per second; None if the source does not state them."""
        ...

    def __iter__(self) -> Iterator[Frame | Away | Back]: ...

    def __enter__(self) -> MovingSource: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def close(self) -> None:
        """Release the source; a live one ends soon after."""
        ...


def open_moving(
    address: Address, *, fps: float = 25.0, start: float | None = None, stall: float = 5.0
) -> MovingSource:
    """Open a source to be watched.

    ``fps`` is the rate of a folder of pictures; ``start`` the beginning of a recording that does
    not state one, in seconds since 1970; a live source counts as lost after ``stall`` seconds
    without a frame. Raises :class:`lpr.errors.SourceError` if a recording cannot be opened; live
    sources are tried again instead.
    """
    if address.live:
        return Live(address, stall)
    if address.sort == "stdin":
        source: FrameFolder | Stream = standard_input()
    elif address.sort == "folder":
        source = FrameFolder(address.text, fps)
    else:
        source = _open_file(address.text)
    if start is None or getattr(source, "start", None) is not None:
        return source
    return Dated(source, start)


def _open_file(name: str) -> Video:
    head = read_head(name)
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    if kind_by(name, head) != "video" and not head.startswith(b"GIF8"):
        raise SourceError(
            f"{name}: this is not a video; lpr watch follows vehicles through videos and streams, "
            "lpr detect reads single pictures"
        )
    return Video(name)


class Dated(Closeable):
    """A recording with a known beginning, in seconds since 1970."""

    def __init__(self, source: FrameFolder | Stream, start: float) -> None:
        self._source = source
        self._start = start
        self.fps = source.fps

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            yield replace(frame, clock=self._start + (frame.time or 0.0))

    def close(self) -> None:
        self._source.close()
