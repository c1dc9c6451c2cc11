"""Frame sources: pictures, folders, patterns, videos and addresses. All decoding is done here.

:func:`expand` turns arguments into single sources and never fails; :func:`open_source` reports what
is wrong with one of them, so that a bad source keeps its place and costs only itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from lpr.errors import SourceError
from lpr.source.address import is_address
from lpr.source.decoding import MAX_PIXELS, quiet, read_picture_file
from lpr.source.file import read_head
from lpr.source.media_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES, MediaType, may_be_animated
from lpr.source.picture import Picture, first_picture, open_picture
from lpr.source.picture_header import parse_header
from lpr.source.search import expand
from lpr.source.shown_address import shown_source
from lpr.source.video_probe import detect_type

if TYPE_CHECKING:
    from lpr.source.animation import Animation
    from lpr.source.picture import Pages
    from lpr.source.video_stream import Stream

__all__ = [
    "MAX_PIXELS",
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "MediaType",
    "Picture",
    "Source",
    "expand",
    "first_picture",
    "media_type_of",
    "open_source",
    "quiet",
    "shown_source",
]

Source: TypeAlias = "Picture | Pages | Animation | Stream"


def media_type_of(source: str) -> MediaType | None:
    """How :func:`open_source` would open ``source``, by its first bytes; None if it would not."""
    try:
        if source == "-":
            from lpr.source.standard_input import standard_input_type

            return standard_input_type()
        if is_address(source):
            from lpr.source.remote import remote_type

            return remote_type(source)
        head = read_head(source)
        kind = detect_type(source, head)
        if kind == "picture" and may_be_animated(head):
            header = parse_header(read_picture_file(source, MAX_PIXELS))
            return "video" if header and header.frames != 1 else "picture"
    except SourceError:
        return None
    return kind


def open_source(
    path: str | os.PathLike[str], every: int = 1, *, max_pixels: int = MAX_PIXELS
) -> Source:
    """Open a picture or a video: a file, an address (``http://...``), or ``-`` (standard input).

    Of a video or an animated picture, only the frames 0, ``every``, 2 x ``every``... are given. The
    content decides between picture and video, not the suffix. A picture may have up to
    ``max_pixels`` pixels, a video's frame a quarter of that; the size is checked before decoding.

    Raises :class:`lpr.errors.SourceError` if the source cannot be read; a video that ends too early
    raises it after its last frame.
    """
    if every < 1:
        raise ValueError(f"every has to be 1 or more, not {every}")
    if max_pixels < 1:
        raise ValueError(f"max_pixels has to be 1 or more, not {max_pixels}")
    name = os.fspath(path)
    # Imported late: PyAV and urllib take time, and reading picture files does not need them.
    if name == "-":
        from lpr.source.standard_input import open_standard_input

        return open_standard_input(every, max_pixels)
    if is_address(name):
        from lpr.source.remote import open_remote

        return open_remote(name, every, max_pixels)
    head = read_head(name)
    kind = detect_type(name, head)
    if kind == "picture":
        return open_picture(name, read_picture_file(name, max_pixels), every, max_pixels)
    if kind == "video":
        from lpr.source.video_file import Video

        # Frame threads decode ahead while the networks run: 37.6 instead of 40.2 ms per 1080p frame
        # of H.264 (minimum of six runs on two busy cores). Slices gain nothing: they are rare.
        return Video(name, every, threads="AUTO", max_pixels=max_pixels)
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    raise SourceError(f"{name}: this is neither a picture nor a video that can be read")
