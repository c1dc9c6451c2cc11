"""Frame sources: pictures, folders, patterns and videos. All decoding is done here.

:func:`expand` turns arguments into single sources and never fails; :func:`open_source` reports what
is wrong with one of them, so that a bad source keeps its place and costs only itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from lpr.errors import SourceError
from lpr.source.file import read_head
from lpr.source.media_types import HEIF, PICTURE_SUFFIXES, VIDEO_SUFFIXES, MediaType, media_type_by
from lpr.source.picture import Picture, decode, quiet
from lpr.source.search import expand

if TYPE_CHECKING:
    from lpr.source.video_file import Video

__all__ = [
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "MediaType",
    "Picture",
    "Source",
    "expand",
    "media_type_of",
    "open_source",
    "quiet",
]

Source: TypeAlias = "Picture | Video"


def media_type_of(source: str) -> MediaType | None:
    """How :func:`open_source` would open ``source``, by its first bytes; None if it would not."""
    try:
        return media_type_by(source, read_head(source))
    except SourceError:
        return None


def open_source(path: str | os.PathLike[str], every: int = 1) -> Source:
    """Open a picture or a video file; of a video, only the frames 0, ``every``, 2 x ``every``...

    The content decides between the two, not the suffix. Raises :class:`lpr.errors.SourceError` if
    the file cannot be read; a video that ends too early raises it after its last frame.
    """
    if every < 1:
        raise ValueError(f"every has to be 1 or more, not {every}")
    name = os.fspath(path)
    head = read_head(name)
    kind = media_type_by(name, head)
    if kind == "picture":
        return Picture(name, decode(name))
    if kind == "video":
        from lpr.source.video_file import Video  # imports PyAV, which `import lpr` does not need

        # Frame threads decode ahead while the networks run: 37.6 instead of 40.2 ms per 1080p frame
        # of H.264 (minimum of six runs on two busy cores). Slices gain nothing: they are rare.
        return Video(name, every, threads="AUTO")
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    if HEIF.match(head):
        raise SourceError(f"{name}: HEIC pictures cannot be read; convert it to JPEG or PNG")
    raise SourceError(f"{name}: this is neither a picture nor a video that can be read")
