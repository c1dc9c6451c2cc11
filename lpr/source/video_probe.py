"""Videos that begin in the middle, as a recorder or a broken download cuts them."""

from __future__ import annotations

import os
from contextlib import suppress

from lpr.source.media_types import MediaType, is_binary, media_type_by

# FFmpeg's demuxers of streams that can be joined at any point. No other may judge a file of an
# unknown kind: some render anything, or open what the file names.
_JOINABLE = "mpegts,mpeg,h264,hevc,vvc,obu,dv,m4v,mpegvideo,cavsvideo,vc1"


def detect_type(name: str, head: bytes) -> MediaType | None:
    """The type of the file ``name``, which begins with ``head``; None if it is neither."""
    kind = media_type_by(name, head)
    if kind is None and is_binary(head) and _can_be_joined(name):
        return "video"
    return kind


def _can_be_joined(name: str) -> bool:
    """Whether FFmpeg finds a video in the file although it has no header."""
    import av  # late: reading pictures does not need it

    av.logging.set_level(None)
    url = f"file:{os.path.abspath(name)}"  # noqa: PTH100 - Path would drop a leading "./"
    with (
        suppress(av.FFmpegError, OSError, ValueError, MemoryError),
        av.open(url, "r", options={"format_whitelist": _JOINABLE}) as container,
    ):
        return any(stream.codec_context.width > 0 for stream in container.streams.video)
    return False
