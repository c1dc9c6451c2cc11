"""Sources to be watched: video files, folders of pictures, streams, cameras, standard input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from lpr.errors import SourceError
from lpr.sightings import Gap
from lpr.source.address import Address
from lpr.source.animation import Animation
from lpr.source.decoding import MAX_PIXELS, read_picture_file
from lpr.source.file import read_head
from lpr.source.live import Live, open_stream
from lpr.source.picture import FrameFolder, open_picture
from lpr.source.remote import TIMEOUT
from lpr.source.standard_input import standard_input
from lpr.source.video_file import Video
from lpr.source.video_probe import detect_type
from lpr.source.video_stream import Stream
from lpr.types import Frame


class VideoSource(AbstractContextManager["VideoSource"], Protocol):
    """Gives frames in order, once; a live source also reports when it is lost and restored."""

    @property
    def fps(self) -> float | None:
        """Frames per second; None if the source does not state them."""
        ...

    @property
    def frames(self) -> int | None:
        """The number of frames, perhaps an estimate; None if unknown."""
        ...

    def __iter__(self) -> Iterator[Frame | Gap]: ...

    def close(self) -> None:
        """Release the source; a live one ends soon after."""
        ...


def open_video_source(
    address: Address,
    *,
    fps: float = 25.0,
    start: float | None = None,
    stall: float = 5.0,
    max_pixels: int = MAX_PIXELS,
) -> VideoSource:
    """Open a source to be watched.

    ``fps`` is the rate of a folder of pictures; ``start`` the beginning of a recording that does
    not state one, in seconds since 1970; a live source counts as lost after ``stall`` seconds
    without a frame; ``max_pixels`` limits a picture's size, and a quarter of it a frame's. Raises
    :class:`lpr.errors.SourceError` if a recording cannot be opened; live sources are tried again
    instead.
    """
    if address.live:
        return Live(address, stall, max_pixels=max_pixels)
    source: FrameFolder | Animation | Stream
    if address.kind == "stdin":
        source = standard_input(max_pixels)
    elif address.kind == "folder":
        source = FrameFolder(address.text, fps, max_pixels)
    elif address.kind == "recording":
        source = open_stream(address, TIMEOUT, max_pixels=max_pixels)
    else:
        source = _open_file(address.text, max_pixels)
    source.start = start if source.start is None else source.start
    return source


def _open_file(name: str, max_pixels: int) -> Video | Animation:
    head = read_head(name)
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    kind = detect_type(name, head)
    if kind == "picture":
        source = open_picture(name, read_picture_file(name, max_pixels), 1, max_pixels)
        if isinstance(source, Animation):
            return source
    if kind != "video":
        raise SourceError(
            f"{name}: this is not a video; lpr watch follows vehicles through videos and streams, "
            "lpr detect reads single pictures"
        )
    return Video(name, max_pixels=max_pixels)
