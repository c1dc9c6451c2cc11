"""Whether a video file is shorter than its container says."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from lpr.source.media_types import AVI, ISO, MATROSKA

_SLACK = 64  # Bytes of padding by which some writers miscount


def is_truncated(path: Path) -> bool:
    """Whether the file is shorter than its container says; False if the container says nothing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(64)
        if ISO.match(head):
            return _end_of_boxes(file, size) > size + _SLACK
        if AVI.match(head):
            return _end_of_riff(file, size) > size + _SLACK
        if MATROSKA.match(head):
            return _end_of_segment(head) > size + _SLACK
    return False


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """The end of the last top-level box of an MP4 or QuickTime file (ISO/IEC 14496-12, 4.2)."""
    end = 0
    while end < size:
        file.seek(end)
        header = file.read(16)
        if len(header) < 16:
            break
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:], "big")
        if length < 8:
            break
        end += length
    return end


def _end_of_riff(file: BinaryIO, size: int) -> int:
    """The end of the last RIFF chunk of an AVI file; files beyond 1 GiB have several (OpenDML)."""
    end = 0
    while end < size:
        file.seek(end)
        header = file.read(8)
        if len(header) < 8 or header[:4] != b"RIFF":
            break
        (length,) = struct.unpack("<I", header[4:])
        end += 8 + length
    return end


def _end_of_segment(head: bytes) -> int:
    """The end of a Matroska file's segment (RFC 8794, 4 and 9559, 4.5); 0 if unknown."""
    header_length, start = _variable_integer(head, 4)
    segment = start + (header_length or 0)
    if header_length is None or head[segment : segment + 4] != b"\x18\x53\x80\x67":
        return 0
    length, start = _variable_integer(head, segment + 4)
    return 0 if length is None else start + length


def _variable_integer(data: bytes, start: int) -> tuple[int | None, int]:
    """An EBML integer (None for "unknown", which is all ones) and the position behind it."""
    width = 9 - data[start].bit_length() if start < len(data) else 9
    if width > 8:
        return None, start
    mask = (1 << 7 * width) - 1
    value = int.from_bytes(data[start : start + width], "big") & mask
    return (None if value == mask else value), start + width
