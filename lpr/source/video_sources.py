"""Opening what moves: files, folders of pictures, streams, cameras, standard input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol

from lpr.errors import SourceError
from lpr.source.address import Address
from lpr.source.av_stream import Stream, standard_input
from lpr.source.file import read_head
from lpr.source.image_sequence import FrameFolder
from lpr.source.live import Away, Back, Live
from lpr.source.media_types import kind_by
from lpr.source.truncation import is_cut
from lpr.types import Frame
from lpr.utils.closing import Closeable


class MovingSource(Protocol):
    """Gives frames in order, once; live ones also say when they are lost and found again."""

    @property
    def fps(self) -> float | None:
        """Frames a second, where the source says so."""
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
        """Let go of it; a live source ends soon after."""
        ...


def open_moving(
    address: Address, *, fps: float = 25.0, start: float | None = None, stall: float = 5.0
) -> MovingSource:
    """Open a source to be watched.

    ``fps`` is for folders of pictures; ``start`` is when a recording begins, in seconds since 1970,
    where it does not say so itself; ``stall`` is after how many seconds a live one counts as lost.
    Raises :class:`lpr.errors.SourceError` for a recording that cannot be opened; live sources are
    tried again instead.
    """
    if address.live:
        return Live(address, stall)
    if address.sort == "stdin":
        source: FrameFolder | Stream = standard_input()
    elif address.sort == "folder":
        source = FrameFolder(address.text, fps)
    else:
        source = VideoFile(address.text)
    if start is None or getattr(source, "start", None) is not None:
        return source
    return Dated(source, start)


class VideoFile(Stream):
    """A video file or an animated GIF; one that is cut short says so after its last frame."""

    def __init__(self, name: str) -> None:
        """Raises :class:`lpr.errors.SourceError` for what is no video."""
        head = read_head(name)
        if not head:
            raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
        if kind_by(name, head) != "video" and not head.startswith(b"GIF8"):
            raise SourceError(
                f"{name}: this is no video; lpr watch follows vehicles through videos and streams, "
                "lpr detect reads single pictures"
            )
        # FFmpeg takes "a:b.mp4" for a protocol called "a".
        try:
            super().__init__(f"file:{os.path.abspath(name)}", name)  # noqa: PTH100
        except SourceError as error:
            raise SourceError(
                f"{error}; it is damaged, cut short or of an unknown kind: copy it again or "
                "convert it to MP4"
            ) from error
        self._name = name

    def __iter__(self) -> Iterator[Frame]:
        yield from super().__iter__()
        if not self.read:
            raise SourceError(f"{self._name}: holds no frame that can be decoded; copy it again")
        if is_cut(Path(self._name)):
            raise SourceError(
                f"{self._name}: ended after {self.read} frames: the file is cut short; "
                "copy it again"
            )


class Dated(Closeable):
    """A recording whose beginning somebody knows."""

    def __init__(self, source: FrameFolder | Stream, start: float) -> None:
        self._source = source
        self._start = start
        self.fps = source.fps

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            yield replace(frame, clock=self._start + (frame.time or 0.0))

    def close(self) -> None:
        self._source.close()
