"""The type of a file, by its first bytes and, in case of doubt, its suffix."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeAlias

MediaType: TypeAlias = Literal["picture", "video"]

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
    ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
})
# Not .ts: most such files in a folder are TypeScript, not transport streams.
VIDEO_SUFFIXES = frozenset({
    ".3gp", ".avi", ".flv", ".h264", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".ogv", ".webm", ".wmv",
})
# fmt: on

_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8|BM|II\*\0|MM\0\*|RIFF....WEBP|P[1-6]\s"
    rb"|\0\0\0\x0cjP  |....ftypavi[fs]",
    re.DOTALL,
)
HEIF = re.compile(rb"....ftyp(hei[cfmsx]|hev[cx]|mif1|msf1)", re.DOTALL)
ISO = re.compile(rb"....(ftyp|moov|mdat|wide|free|skip)", re.DOTALL)
AVI = re.compile(rb"RIFF....AVI ", re.DOTALL)
MATROSKA = re.compile(rb"\x1a\x45\xdf\xa3")
_OTHER_VIDEO = re.compile(
    rb"FLV\x01|OggS|\x30\x26\xb2\x75|\0\0\x01[\xb3\xba]|G.{187}G|.{4}G.{191}G", re.DOTALL
)
_VIDEO = (ISO, AVI, MATROSKA, _OTHER_VIDEO)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a]")


def media_type_by(name: str, head: bytes) -> MediaType | None:
    """The type of the file ``name`` with the first bytes ``head``; None if it is neither."""
    video_suffix = Path(name).suffix.lower() in VIDEO_SUFFIXES
    # A raw MJPEG stream begins like a JPEG file: the suffix decides.
    if _PICTURE.match(head) and not video_suffix:
        return "picture"
    # FFmpeg would render text as video, and open the addresses in a playlist.
    if HEIF.match(head) or not _BINARY.search(head):
        return None
    if video_suffix or any(magic.match(head) for magic in _VIDEO):
        return "video"
    return None
