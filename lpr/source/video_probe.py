"""The type of a file whose first bytes do not tell: a video that begins in the middle."""

from __future__ import annotations

import os
from contextlib import suppress

from lpr.source.media_types import MediaType, is_binary, media_type_by

# FFmpeg's demuxers that may judge a file of an unknown kind: those of streams that can be joined at
# any point, and of video formats without a signature that we know. Others render anything, or open
# what the file names.
_DEMUXERS = (
    "mpegts,mpeg,h264,hevc,vvc,obu,dv,m4v,mpegvideo,cavsvideo,vc1,avi"
    ",dhav,gxf,ifv,lxf,mxg,nsv,nuv,pva,rm,swf,ty,wtv"
)


def detect_type(name: str, head: bytes) -> MediaType | None:
    """The type of the file ``name``, which begins with ``head``; None if it is neither."""
    kind = media_type_by(name, head)
    if kind is None and is_binary(head) and _holds_video(name):
        return "video"
    return kind


def _holds_video(name: str) -> bool:
    """Whether FFmpeg finds a video in the file, which may have no header."""
    import av  # late: reading pictures does not need it

    av.logging.set_level(None)
    url = f"file:{os.path.abspath(name)}"  # noqa: PTH100 - Path would drop a leading "./"
    with (
        suppress(av.FFmpegError, OSError, ValueError, MemoryError),
        av.open(url, "r", options={"format_whitelist": _DEMUXERS}) as container,
    ):
        return any(stream.codec_context.width > 0 for stream in container.streams.video)
    return False
