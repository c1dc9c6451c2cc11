"""The type of a file, by its first bytes and, in case of doubt, its suffix."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeAlias

MediaType: TypeAlias = Literal["picture", "video"]

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg",
    ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
})
VIDEO_SUFFIXES = frozenset({
    ".264", ".265", ".3g2", ".3gp", ".asf", ".avi", ".dav", ".divx", ".dv", ".f4v", ".flv", ".gxf",
    ".h264", ".h265", ".hevc", ".ivf", ".m2t", ".m2ts", ".m2v", ".m3u8", ".m4v", ".mj2", ".mjpeg",
    ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".obu", ".ogm",
    ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
})
# fmt: on

AMBIGUOUS_SUFFIXES = frozenset({".ts"})
"""Suffixes whose files are more often something else (TypeScript): a folder's are looked into."""
PLAYLIST_SUFFIX = ".m3u8"
_MJPEG_SUFFIXES = frozenset({".mjpeg", ".mjpg"})
_TGA_SUFFIXES = frozenset({".tga"})

# GIF, APNG, WebP and AVIF can be animated; lpr.source.animation tells.
_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8|BM|II[*+]\0|MM\0[*+]|RIFF....WEBP|P[1-7]\s"
    rb"|\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    re.DOTALL,
)
ISO = re.compile(rb"....(ftyp|moov|moof|mdat|wide|free|skip|styp|sidx)", re.DOTALL)
AVI = re.compile(rb"RIFF....AVI ", re.DOTALL)
MATROSKA = re.compile(rb"\x1a\x45\xdf\xa3")
_OTHER_VIDEO = re.compile(
    rb"FLV[\x01-\x09]|OggS|\x30\x26\xb2\x75|\0\0\x01[\xb3\xba]|YUV4MPEG2 |DKIF\0\0"
    rb"|\x06\x0e\x2b\x34\x02\x05|nut/multimedia container|G.{187}G|.{4}G.{191}G",
    re.DOTALL,
)
# Packets of a transport stream that begins in the middle of one: their sync bytes, 188, 192 (M2TS)
# or 204 bytes (with error correction) apart.
_TRANSPORT_STREAM = re.compile(
    rb".{0,203}?G(?:.{187}G){4}|.{0,203}?G(?:.{191}G){4}|.{0,203}?G(?:.{203}G){4}", re.DOTALL
)
_VIDEO = (ISO, AVI, MATROSKA, _OTHER_VIDEO, _TRANSPORT_STREAM)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_PLAYLIST = re.compile(rb"(\xef\xbb\xbf)?\s*#EXTM3U")

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def media_type_by(name: str, head: bytes) -> MediaType | None:
    """The type of the file ``name`` with the first bytes ``head``.

    None if these bytes do not tell: it may still be a video that begins in the middle
    (:mod:`lpr.source.video_probe`).
    """
    suffix = Path(name).suffix.lower()
    if is_avif(head) or is_heic(head):
        return "picture"
    if _PICTURE.match(head):
        # A raw MJPEG stream begins like a JPEG file.
        is_stream = suffix in _MJPEG_SUFFIXES and head.startswith(b"\xff\xd8")
        return "video" if is_stream else "picture"
    if any(magic.match(head) for magic in _VIDEO) or is_playlist(name, head):
        return "video"
    if not is_binary(head):  # FFmpeg would render text as video
        return None
    if suffix in _TGA_SUFFIXES:
        return "picture"
    return "video" if suffix in VIDEO_SUFFIXES - AMBIGUOUS_SUFFIXES else None


def is_binary(head: bytes) -> bool:
    """Whether ``head`` holds bytes that no text has."""
    return bool(_BINARY.search(head))


def is_playlist(name: str, head: bytes) -> bool:
    """Whether this is an HLS playlist (RFC 8216), which has to be named so.

    FFmpeg would open what a playlist in disguise names.
    """
    return Path(name).suffix.lower() == PLAYLIST_SUFFIX and bool(_PLAYLIST.match(head))


def is_avif(head: bytes) -> bool:
    """Whether this is an AVIF picture or animation."""
    return bool(_brands(head) & _AVIF_BRANDS)


def is_heic(head: bytes) -> bool:
    """Whether this is a HEIC picture (HEIF with HEVC), as phones take them."""
    brands = _brands(head)
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def may_be_animated(head: bytes) -> bool:
    """Whether this is a picture of a format that can be animated: GIF, PNG, WebP, AVIF."""
    return head.startswith((b"GIF8", b"\x89PNG", b"RIFF")) or is_avif(head)


def is_tga(name: str, head: bytes) -> bool:
    """Whether this is a Targa picture. The format has no signature: the suffix decides."""
    return Path(name).suffix.lower() in _TGA_SUFFIXES and not _PICTURE.match(head)


def _brands(head: bytes) -> set[bytes]:
    """The brands of an ISO base media file (ISO/IEC 14496-12, 4.3); empty for other files."""
    if head[4:8] != b"ftyp":
        return set()
    box = head[: int.from_bytes(head[:4], "big")]
    return {box[8:12], *(box[place : place + 4] for place in range(16, len(box) - 3, 4))}
