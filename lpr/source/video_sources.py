"""Sources to be watched: video files, folders of pictures, streams, cameras, standard input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from lpr.errors import SourceError
from lpr.sightings import Gap
from lpr.source.address import Address
from lpr.source.file import read_head
from lpr.source.live import Live
from lpr.source.media_types import media_type_by
from lpr.source.picture import FrameFolder
from lpr.source.video_file import Video
from lpr.source.video_stream import Stream, standard_input
from lpr.types import Frame


class VideoSource(AbstractContextManager["VideoSource"], Protocol):
    """Gives frames in order, once; a live source also reports when it is lost and restored."""

    @property
    def fps(self) -> float | None:
        """Frames per second; None if the source does not state them."""
        ...

    def __iter__(self) -> Iterator[Frame | Gap]: ...

    def close(self) -> None:
        """Release the source; a live one ends soon after."""
        ...


def open_video_source(
    address: Address, *, fps: float = 25.0, start: float | None = None, stall: float = 5.0
) -> VideoSource:
    """Open a source to be watched.

    ``fps`` is the rate of a folder of pictures; ``start`` the beginning of a recording that does
    not state one, in seconds since 1970; a live source counts as lost after ``stall`` seconds
    without a frame. Raises :class:`lpr.errors.SourceError` if a recording cannot be opened; live
    sources are tried again instead.
    """
    if address.live:
        return Live(address, stall)
    if address.kind == "stdin":
        source: FrameFolder | Stream = standard_input()
    elif address.kind == "folder":
        source = FrameFolder(address.text, fps)
    else:
        source = _open_file(address.text)
    source.start = start if source.start is None else source.start
    return source


def _open_file(name: str) -> Video:
    head = read_head(name)
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    if media_type_by(name, head) != "video" and not head.startswith(b"GIF8"):
        raise SourceError(
            f"{name}: this is not a video; lpr watch follows vehicles through videos and streams, "
            "lpr detect reads single pictures"
        )
    return Video(name)
