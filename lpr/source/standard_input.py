"""The picture or video on standard input."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO, cast

from lpr.errors import SourceError
from lpr.source.animation import Animation
from lpr.source.decoding import MAX_PIXELS, picture_bytes_limit, too_large_file
from lpr.source.media_types import MediaType, is_binary, media_type_by
from lpr.source.picture import Pages, Picture, open_picture
from lpr.source.video_stream import Stream, ThreadType
from lpr.types import Frame

_HEAD = 4096  # Bytes that are looked at: the type of every format shows in them


def open_standard_input(every: int, max_pixels: int) -> Picture | Pages | Animation | Stream:
    """The picture or video on standard input, which can be opened once.

    Raises :class:`lpr.errors.SourceError` if there is none.
    """
    kind = standard_input_type()
    if kind is None:
        empty = "standard input is empty" if not _input().head else "neither a picture nor a video"
        raise SourceError(f"-: {empty}; pipe a picture or a video into lpr")
    if kind == "video":
        return standard_input(max_pixels, every, "AUTO")
    limit = picture_bytes_limit(max_pixels)
    data = _input().take(limit + 1)
    if len(data) > limit:
        raise too_large_file("-", max_pixels)
    return open_picture("-", data, every, max_pixels)


def standard_input_type() -> MediaType | None:
    """The type of what is on standard input, which stays there; None if it is neither."""
    head = _input().head
    kind = media_type_by("-", head)
    # A stream may begin in the middle: FFmpeg judges what is not text.
    return "video" if kind is None and is_binary(head) else kind


def standard_input(
    max_pixels: int = MAX_PIXELS, every: int = 1, threads: ThreadType = "NONE"
) -> Stream:
    """The video on standard input. Raises :class:`lpr.errors.SourceError` if there is none."""
    return _Pipe(_input().open(), "-", every=every, threads=threads, max_pixels=max_pixels)


class _Input(io.RawIOBase):
    """Standard input, whose first bytes can be looked at before it is read."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._head: bytes | None = None
        self._rest = b""
        self._opened = False

    @property
    def head(self) -> bytes:
        if self._head is None:
            self._head = self._rest = self.read_all(_HEAD)
        return self._head

    def open(self) -> BinaryIO:
        """The whole of it, for FFmpeg: a file, which can be searched, or a pipe."""
        self._open_once()
        if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.seek(-len(self._rest), os.SEEK_CUR)
            return cast(BinaryIO, self._file)
        return cast(BinaryIO, self)

    def take(self, limit: int) -> bytes:
        """The whole of it, at most ``limit`` bytes."""
        self._open_once()
        return self.read_all(limit)

    def _open_once(self) -> None:
        if self._opened:
            raise SourceError("-: standard input can be read only once")
        self._opened = True

    def read_all(self, limit: int) -> bytes:
        """The next bytes up to the end, at most ``limit``."""
        parts = []
        while limit > 0 and (part := self.read(min(limit, 1 << 20))):
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._rest:
            size = len(self._rest) if size < 0 else size
            part, self._rest = self._rest[:size], self._rest[size:]
            return part
        return self._file.read(size) or b""


@cache
def _input() -> _Input:
    try:
        # A thread that waits for data would hold the lock of Python's own buffer until exit.
        return _Input(io.FileIO(os.dup(sys.stdin.fileno()), "rb"))
    except (AttributeError, OSError, ValueError) as error:
        raise SourceError("-: there is no standard input") from error


class _Pipe(Stream):
    """A stream that cannot seek."""

    _HINT = (
        "; an MP4 that has its index at the end cannot be piped: name the file, or pipe Matroska "
        "or MPEG-TS"
    )

    def __init__(
        self, pipe: BinaryIO, shown: str, *, every: int, threads: ThreadType, max_pixels: int
    ) -> None:
        try:
            super().__init__(pipe, shown, every=every, threads=threads, max_pixels=max_pixels)
        except SourceError as error:
            if error.__cause__ is None:  # the video is understood, and refused
                raise
            raise SourceError(f"{error}{self._HINT}") from error

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from super().__iter__()
        except SourceError as error:
            raise SourceError(f"{error}{'' if self.read else self._HINT}") from error
