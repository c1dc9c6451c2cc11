"""The size of a picture and the number of its frames, from its header, before it is decoded.

A file of some kilobytes can claim a size whose pixels take gigabytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_PAGES = 10_000  # Directories of a TIFF that are looked at; they may form a circle


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture's header says.

    ``width`` and ``height`` are in pixels, as stored, of the largest page or frame. ``frames`` is
    the number of an animation's frames: 1 if it is none, None if unknown. ``pages`` are the indices
    of a TIFF's pages, without its thumbnails and masks.
    """

    width: int
    height: int
    frames: int | None = 1
    pages: tuple[int, ...] = (0,)

    @property
    def pixels(self) -> int:
        return self.width * self.height


def parse_header(data: bytes) -> PictureHeader | None:
    """The header of a picture file (JPEG, PNG, GIF, BMP, TIFF, WebP, PNM, JPEG 2000, AVIF, HEIC).

    None if it is damaged or of another format.
    """
    parse = next((parse for magic, parse in _PARSERS if re.match(magic, data, re.DOTALL)), None)
    try:
        header = parse(data) if parse else None
    except (struct.error, IndexError, ValueError):
        return None
    return header if header is not None and header.width > 0 and header.height > 0 else None


def _jpeg(data: bytes) -> PictureHeader | None:
    """The frame header, SOF (ITU-T T.81, B.2.2)."""
    place = 2
    while (place := data.find(b"\xff", place)) >= 0:
        marker = data[place + 1] if place + 1 < len(data) else 0xD9
        if marker == 0xFF:  # padding
            place += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:  # without a length
            place += 2
        elif marker in (0xD9, 0xDA):  # the end, or the first scan
            return None
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return PictureHeader(width, height)
        else:
            place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return None


def _png(data: bytes) -> PictureHeader | None:
    """IHDR, and acTL of an APNG (https://www.w3.org/TR/png-3)."""
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    frames, place = 1, 8
    while place + 12 <= len(data) and data[place + 4 : place + 8] != b"IDAT":
        if data[place + 4 : place + 8] == b"acTL":
            frames = struct.unpack_from(">I", data, place + 8)[0]
        place += 12 + struct.unpack_from(">I", data, place)[0]
    return PictureHeader(width, height, max(1, frames))


def _gif(data: bytes) -> PictureHeader:
    """The screen and all image descriptors (GIF89a, 18 and 20)."""
    width, height = struct.unpack_from("<HH", data, 6)
    frames, place = 0, 13 + _colours(data[10])
    while place < len(data):
        if data[place] == 0x2C and place + 10 <= len(data):  # an image descriptor
            left, top, w, h, flags = struct.unpack_from("<HHHHB", data, place + 1)
            width, height = max(width, left + w), max(height, top + h)
            frames += 1
            place += 11 + _colours(flags)
        elif data[place] == 0x21:  # an extension
            place += 2
        else:
            break
        while place < len(data) and data[place]:
            place += 1 + data[place]
        place += 1
    return PictureHeader(width, height, max(1, frames))


def _colours(flags: int) -> int:
    """The bytes of a GIF's colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _bmp(data: bytes) -> PictureHeader:
    old = struct.unpack_from("<I", data, 14)[0] == 12  # the header of OS/2
    width, height = struct.unpack_from("<HH" if old else "<ii", data, 18)
    return PictureHeader(abs(width), abs(height))


def _tiff(data: bytes) -> PictureHeader | None:
    """All directories of a TIFF 6.0 or BigTIFF file."""
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    width = height = 0
    pages = []
    for index, tags in enumerate(_directories(data, order, big)):
        width = max(width, tags.get(256, 0), tags.get(322, 0))  # of the picture, of a tile
        height = max(height, tags.get(257, 0), tags.get(323, 0))
        if not tags.get(254, 0) & 0b101:  # neither a thumbnail nor a mask
            pages.append(index)
    return PictureHeader(width, height, 1, tuple(pages) or (0,))


def _directories(data: bytes, order: str, big: bool) -> Iterator[dict[int, int]]:
    """The tags of each directory that have a single integer as their value."""
    count_format, entry, offset = ("Q", 20, "Q") if big else ("H", 12, "I")
    widths = {3: "H", 4: "I", 16: "Q"}
    place = struct.unpack_from(order + offset, data, 8 if big else 4)[0]
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MAX_PAGES:
        seen.add(place)
        count = struct.unpack_from(order + count_format, data, place)[0]
        place += struct.calcsize(count_format)
        if place + count * entry > len(data):
            return
        tags = {}
        for each in range(place, place + count * entry, entry):
            tag, kind = struct.unpack_from(f"{order}HH", data, each)
            if kind in widths:
                value = each + (12 if big else 8)
                tags[tag] = struct.unpack_from(order + widths[kind], data, value)[0]
        yield tags
        place = struct.unpack_from(order + offset, data, place + count * entry)[0]


def _webp(data: bytes) -> PictureHeader | None:
    """The first chunk; of an animation, also its frames (RFC 9649, 2)."""
    name = data[12:16]
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return PictureHeader(width & 0x3FFF, height & 0x3FFF)
    if name == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return PictureHeader((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if name != b"VP8X":
        return None
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    frames, place = 0, 12
    while place + 8 <= len(data):
        frames += data[place : place + 4] == b"ANMF"
        length = struct.unpack_from("<I", data, place + 4)[0]
        place += 8 + length + length % 2
    return PictureHeader(width, height, max(1, frames) if data[20] & 2 else 1)


def _pnm(data: bytes) -> PictureHeader | None:
    """The header of Netpbm's formats, which is text."""
    text = re.sub(rb"#[^\n\r]*", b" ", data[:4096])
    if data[1:2] == b"7":
        named = dict(re.findall(rb"\n\s*(WIDTH|HEIGHT)\s+(\d{1,9})", text))
        if len(named) < 2:
            return None
        return PictureHeader(int(named[b"WIDTH"]), int(named[b"HEIGHT"]))
    match = re.match(rb"P\d\s+(\d{1,9})\s+(\d{1,9})", text)
    return PictureHeader(int(match[1]), int(match[2])) if match else None


def _jpeg2000(data: bytes) -> PictureHeader | None:
    """The size marker of the code stream (ITU-T T.800, A.5.1)."""
    place = data.find(b"\xff\x4f\xff\x51")
    if place < 0:
        return None
    width, height, left, top = struct.unpack_from(">IIII", data, place + 8)
    return PictureHeader(width - left, height - top)


def _heif(data: bytes) -> PictureHeader | None:
    """The largest ``ispe`` property of an AVIF or HEIC file (ISO/IEC 23008-12, 6.5.3)."""
    sizes = [
        struct.unpack(">II", match[1])
        for match in re.finditer(rb"\0\0\0\x14ispe\0\0\0\0(.{8})", data, re.DOTALL)
    ]
    if not sizes:
        return None
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return PictureHeader(width, height, None if data[8:12] == b"avis" else 1)


_PARSERS = (
    (rb"\xff\xd8\xff", _jpeg),
    (rb"\x89PNG\r\n", _png),
    (rb"GIF8", _gif),
    (rb"BM", _bmp),
    (rb"II[*+]\0|MM\0[*+]", _tiff),
    (rb"RIFF....WEBP", _webp),
    (rb"P[1-7]\s", _pnm),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", _jpeg2000),
    (rb"....ftyp", _heif),
)
