"""Video files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from av.error import InvalidDataError

from lpr.errors import SourceError
from lpr.source.decoding import MAX_PIXELS
from lpr.source.file import check_holes
from lpr.source.playlist import check_playlist
from lpr.source.truncation import is_truncated
from lpr.source.video_stream import Stream, ThreadType
from lpr.types import Frame

# Seconds for opening the file and for each read: a disk may have to spin up. The holes of a sparse
# file would be searched for hours.
_TIMEOUT = 30.0
_MAX_RESYNCS = 1000  # Searches for the next packet of a transport stream, of 64 KiB each
_MAX_CUT_AWAY = 30  # Counted frames that an edit list may cut away; or a tenth of those read


class Video(Stream):
    """A video file; if it ends too early, an error follows its last frame."""

    def __init__(
        self,
        name: str,
        every: int = 1,
        threads: ThreadType = "NONE",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        """Raises :class:`lpr.errors.SourceError` if the file cannot be opened."""
        self.name = name
        check_holes(name)
        check_playlist(name)
        # Without the protocol, FFmpeg takes "a:b.mp4" for a protocol called "a".
        url = f"file:{os.path.abspath(name)}"  # noqa: PTH100 - Path would drop a leading "./"
        try:
            url.encode()
            super().__init__(
                url, name, every=every, threads=threads, timeout=_TIMEOUT, max_pixels=max_pixels
            )
        except UnicodeEncodeError:
            raise SourceError(f"{name!r}: the name is not valid UTF-8; rename the file") from None
        except SourceError as error:
            if error.__cause__ is None:  # the video is understood, and refused
                raise
            raise SourceError(
                f"{name}: the video cannot be opened: it is damaged, cut short or in an unknown "
                "format; copy it again or convert it to MP4"
            ) from error
        self._damaged = False

    def __iter__(self) -> Iterator[Frame]:
        yield from super().__iter__()
        reason = self._shortfall()
        if reason:
            raise SourceError(f"{self.name}: the video {reason}")

    def _decode(self) -> Iterator[Any]:
        """Decode past damaged packets; :meth:`_shortfall` judges what they cost."""
        for _ in range(_MAX_RESYNCS):
            try:
                yield from self._decode_packets()
                return
            except InvalidDataError:
                break
            except BlockingIOError:  # the demuxer has not found a packet in 64 KiB; it may later
                self._damaged = True
        yield from self._stream.codec_context.decode(None)

    def _decode_packets(self) -> Iterator[Any]:
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except InvalidDataError:
                self._damaged = True

    def _shortfall(self) -> str | None:
        """What is missing after the last frame; None if nothing is.

        The declared file size is the most reliable sign. The frame count alone is not: it includes
        frames that an edit list cuts away.
        """
        if self.read == 0:
            return "holds no frame that can be decoded; copy it again or convert it to MP4"
        missing = self._stated - self.read if self._stated else None
        if missing is not None and missing <= 0:
            return None
        of = f"{self.read} of {self._stated} frames" if missing else f"{self.read} frames"
        if is_truncated(Path(self.name)):
            return f"ended after {of}: the file is cut short; copy it again"
        allowed = max(self.read // 10, 0 if self._damaged else _MAX_CUT_AWAY)
        if missing and missing > allowed:
            return f"ended after {of}: the rest is damaged or was cut away in editing"
        return None
