"""Where frames come from: pictures, folders, patterns and videos. All decoding is done here.

:func:`expand` turns what a user names into single sources and never fails; what is wrong with one
of them is said by :func:`open_source`, so that a bad one stands at its place and costs only itself.
"""

from __future__ import annotations

import os
from typing import TypeAlias

from lpr.errors import SourceError
from lpr.source.file import read_head
from lpr.source.media_types import AVI, HEIF, ISO, PICTURE_SUFFIXES, VIDEO_SUFFIXES, Kind, kind_by
from lpr.source.picture import Picture, decode, quiet
from lpr.source.search import expand
from lpr.source.video import Video

__all__ = [
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Kind",
    "Picture",
    "Source",
    "Video",
    "expand",
    "kind_of",
    "open_source",
    "quiet",
]

Source: TypeAlias = Picture | Video


def kind_of(source: str) -> Kind | None:
    """What :func:`open_source` takes ``source`` for, by its first bytes; None if for nothing."""
    try:
        return kind_by(source, read_head(source))
    except SourceError:
        return None


def open_source(path: str | os.PathLike[str], every: int = 1) -> Source:
    """Open one picture or video file; of a video only the frames 0, ``every``, 2 x ``every``...

    What a file is, its content tells. Raises :class:`lpr.errors.SourceError` where it cannot be
    read; a video that ends too early raises it after the frames that could be read.
    """
    if every < 1:
        raise ValueError(f"every has to be 1 or more, not {every}")
    name = os.fspath(path)
    head = read_head(name)
    kind = kind_by(name, head)
    if kind == "picture":
        return Picture(name, decode(name))
    if kind == "video":
        return Video(name, every, exact=bool(ISO.match(head) or AVI.match(head)))
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    if HEIF.match(head):
        raise SourceError(f"{name}: HEIC pictures cannot be read; convert it to JPEG or PNG")
    raise SourceError(f"{name}: this is neither a picture nor a video that can be read")
