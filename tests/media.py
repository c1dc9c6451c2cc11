"""Pictures and videos for tests, made on the spot: good ones, odd ones and broken ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from lpr.types import Image


def quarters(height: int = 48, width: int = 64) -> Image:
    """A picture whose quarters differ: blue, green (top), red, white (bottom)."""
    image = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    image[:top, :left] = (255, 0, 0)
    image[:top, left:] = (0, 255, 0)
    image[top:, :left] = (0, 0, 255)
    image[top:, left:] = (255, 255, 255)
    return image


def noise(height: int = 48, width: int = 64, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


WRITES_AVIF = cv2.haveImageWriter("a.avif")
"""Not every build of OpenCV has the format."""


def encode(suffix: str, image: np.ndarray, *parameters: int) -> bytes:
    """``image`` (any type and channels that the format takes) as a file's bytes."""
    encoded, data = cv2.imencode(suffix, image, parameters)
    assert encoded
    return bytes(data)


def write_picture(path: Path, image: np.ndarray | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(path.suffix, quarters() if image is None else image))
    return path


def animation(suffix: str, images: Sequence[Image]) -> bytes:
    frames = cv2.Animation()
    frames.frames = list(images)
    frames.durations = [100] * len(images)
    encoded, data = cv2.imencodeanimation(suffix, frames)
    assert encoded
    return bytes(data)


def png(
    size: tuple[int, int], colour_type: int, depth: int, rows: bytes, *chunks: tuple[bytes, bytes]
) -> bytes:
    """A PNG put together by hand; ``rows`` include each row's filter byte."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def targa(image: Image) -> bytes:
    """``image`` as an uncompressed Targa file of 24 bits, top row first."""
    height, width = image.shape[:2]
    header = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, 0x20)
    return header + image.tobytes()


def pages(images: Sequence[Image]) -> bytes:
    """A TIFF file with a page for each of ``images``."""
    encoded, data = cv2.imencodemulti(".tiff", list(images))
    assert encoded
    return bytes(data)


def tiff_header(order: str, *sizes: int, wide: bool = False, kinds: Sequence[int] = ()) -> bytes:
    """A TIFF without pixels: a directory for each width and height; ``wide`` makes it a BigTIFF.

    ``kinds`` are the pages' NewSubfileType: 1 is a thumbnail, 4 a mask.
    """
    mark = b"II" if order == "<" else b"MM"
    data = mark + (
        struct.pack(order + "HHHQ", 43, 8, 0, 16) if wide else struct.pack(order + "HI", 42, 8)
    )
    pairs = list(zip(sizes[::2], sizes[1::2], strict=True))
    for number, (width, height) in enumerate(pairs):
        kind = kinds[number] if kinds else 0
        tags = ((254, kind), (256, width), (257, height))
        data += struct.pack(order + ("Q" if wide else "H"), len(tags))
        for tag, value in tags:
            data += struct.pack(order + ("HHQI4x" if wide else "HHII"), tag, 4, 1, value)
        end = len(data) + (8 if wide else 4)
        data += struct.pack(order + ("Q" if wide else "I"), end if number + 1 < len(pairs) else 0)
    return data


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """``jpeg`` with an EXIF block (TIFF tag 0x112) that says how to turn it."""
    tag = struct.pack("<HHII", 0x112, 3, 1, orientation)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + tag + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def cmyk_jpeg(inks: tuple[int, int, int, int]) -> bytes:
    """An 8 x 8 baseline JPEG of one colour in CMYK (0..255 of ink), inverted as Adobe writes it."""
    bits = ""
    for ink in inks:
        value = 255 - ink - 128  # DC coefficient: 8 x the level, quantized by 8
        size = abs(value).bit_length()
        amplitude = value if value > 0 else value + (1 << size) - 1
        bits += f"{size:04b}" + (f"{amplitude:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    components = range(1, 5)
    frame = struct.pack(">BHHB", 8, 8, 8, 4) + b"".join(bytes([c, 0x11, 0]) for c in components)
    # DC: nine codes of 4 bits, for the sizes 0 to 8; AC: one code of 1 bit, the end of the block.
    dc_codes = bytes([0, 0, 0, 9, *[0] * 12, *range(9)])
    ac_codes = bytes([1, *[0] * 15, 0])
    parts = (
        b"\xff\xd8",
        segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"),
        segment(0xDB, b"\0" + b"\x08" * 64),
        segment(0xC0, frame),
        segment(0xC4, b"\0" + dc_codes),
        segment(0xC4, b"\x10" + ac_codes),
        segment(0xDA, b"\x04" + b"".join(bytes([c, 0]) for c in components) + b"\0\x3f\0"),
        scan,
        b"\xff\xd9",
    )
    return b"".join(parts)


def grey_levels(count: int, height: int = 48, width: int = 64, step: int = 5) -> list[Image]:
    """Frames that can be told apart: frame ``i`` is grey of ``step x i``."""
    return [np.full((height, width, 3), step * i, np.uint8) for i in range(count)]


# FFmpeg's encoder for each four-character code.
_ENCODERS = {
    "mp4v": "mpeg4",
    "MJPG": "mjpeg",
    "VP80": "libvpx",
    "FLV1": "flv",
    "MPG1": "mpeg1video",
}


def write_video(
    path: Path, images: Iterable[Image] | None = None, fps: float = 10.0, codec: str = "mp4v"
) -> Path:
    """A video of ``images``, by default 20 grey levels."""
    frames = list(grey_levels(20) if images is None else images)
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w") as container:
        encoder = _ENCODERS[codec]
        stream: Any = container.add_stream(encoder, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
        stream.codec_context.bit_rate = 4_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "bgr24")))
        container.mux(stream.encode(None))
    return path


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """The names and contents of a sequence of MP4 boxes."""
    found = []
    position = 0
    while position < len(data):
        length, name = struct.unpack(">I4s", data[position : position + 8])
        found.append((name, data[position + 8 : position + length]))
        position += length
    return found


def join(parts: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(struct.pack(">I4s", len(data) + 8, name) + data for name, data in parts)


def change_box(data: bytes, path: Sequence[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """``data`` with the content of the box at ``path`` replaced by what ``change`` makes of it."""
    head, *rest = path

    def changed(content: bytes) -> bytes:
        return change_box(content, rest, change) if rest else change(content)

    return join((name, changed(b) if name == head else b) for name, b in boxes(data))


_TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def index_first(mp4: bytes, wide: bool = False) -> bytes:
    """The same video with its index before its frames, as for streaming: it survives being cut.

    ``wide`` gives the frames' box a length of 64 bits, as beyond 4 GiB.
    """
    parts = dict(boxes(mp4))
    frames = parts.pop(b"mdat")
    # From the start of the file to the first frame, without and with the index before it.
    before = mp4.index(frames)
    after = len(join(parts.items())) + (16 if wide else 8)

    def shift(stco: bytes) -> bytes:
        count = (len(stco) - 8) // 4
        offsets = struct.unpack(f">{count}I", stco[8:])
        return stco[:8] + struct.pack(f">{count}I", *(o - before + after for o in offsets))

    parts[b"moov"] = change_box(parts[b"moov"], (*_TABLES[1:], b"stco"), shift)
    length = struct.pack(">I4sQ", 1, b"mdat", len(frames) + 16)
    return join(parts.items()) + (length + frames if wide else join([(b"mdat", frames)]))


def turned(mp4: bytes) -> bytes:
    """The same video with a track header that asks players to turn it clockwise by 90 degrees."""
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    return change_box(mp4, (b"moov", b"trak", b"tkhd"), lambda b: b[:40] + matrix + b[76:])


def with_durations(mp4: bytes, seconds: Sequence[float]) -> bytes:
    """The same video with frames that last so long each: a variable frame rate."""
    scale = 0

    def read_scale(mdhd: bytes) -> bytes:
        nonlocal scale
        (scale,) = struct.unpack(">I", mdhd[12:16])
        return mdhd

    def replace(_: bytes) -> bytes:
        entries = b"".join(struct.pack(">II", 1, round(s * scale)) for s in seconds)
        return struct.pack(">II", 0, len(seconds)) + entries

    change_box(mp4, (b"moov", b"trak", b"mdia", b"mdhd"), read_scale)
    return change_box(mp4, (*_TABLES, b"stts"), replace)
