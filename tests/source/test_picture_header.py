"""The size of a picture is known before it is decoded, and what is too large is refused."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpr.errors import SourceError
from lpr.source import open_source
from lpr.source.picture_header import PictureHeader, parse_header
from tests.media import (
    WRITES_AVIF,
    animation,
    encode,
    noise,
    png,
    quarters,
    targa,
    tiff_header,
    write_picture,
)
from tests.properties import examples

KINDS = (
    ".jpg", ".png", ".bmp", ".gif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pam", ".jp2",
    *([".avif"] if WRITES_AVIF else []),
)  # fmt: skip
CLAIMED = 32_000  # pixels of a side: decoded, such a picture has 3 GB


def claim(suffix: str, *parameters: int) -> bytes:
    """A small picture file whose header claims to be of ``CLAIMED`` x ``CLAIMED`` pixels."""
    data = encode(suffix, quarters(64, 64), *parameters)
    big = CLAIMED
    if suffix == ".jpg":
        place = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5
        return data[:place] + struct.pack(">HH", big, big) + data[place + 4 :]
    if suffix == ".gif":
        return data[:6] + struct.pack("<HH", big, big) + data[10:]
    if suffix == ".bmp":
        return data[:18] + struct.pack("<ii", big, -big) + data[26:]
    if suffix == ".jp2":
        place = data.index(b"\xff\x4f\xff\x51") + 8
        return data[:place] + struct.pack(">II", big, big) + data[place + 8 :]
    if suffix == ".avif":
        old = struct.pack(">II", 64, 64)
        return data.replace(b"ispe\0\0\0\0" + old, b"ispe\0\0\0\0" + struct.pack(">II", big, big))
    raise AssertionError(suffix)


BOMBS = {
    "baseline.jpg": claim(".jpg"),
    "progressive.jpg": claim(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "a.png": png((CLAIMED, CLAIMED), 2, 8, b""),
    "a.gif": claim(".gif"),
    "a.bmp": claim(".bmp"),
    "a.jp2": claim(".jp2"),
    **({"a.avif": claim(".avif")} if WRITES_AVIF else {}),
    "a.ppm": b"P6\n# a comment\n32000 32000\n255\n",
    "a.pgm": b"P5 32000\n32000 255\n",
    "a.pam": b"P7\nWIDTH 32000\nHEIGHT 32000\nDEPTH 3\nMAXVAL 255\nENDHDR\n",
    "little.tif": tiff_header("<", CLAIMED, CLAIMED),
    "big.tif": tiff_header(">", CLAIMED, CLAIMED),
    "bigtiff.tif": tiff_header("<", CLAIMED, CLAIMED, wide=True),
    "second-page.tif": tiff_header("<", 16, 16, CLAIMED, CLAIMED),
    "a.tga": targa(quarters())[:12] + struct.pack("<HH", CLAIMED, CLAIMED) + bytes(100),
    "a.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    b"\0\0\0\x14ispe\0\0\0\0" + struct.pack(">II", CLAIMED, CLAIMED),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_claims_a_huge_picture_is_refused_by_name(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name])
    with pytest.raises(SourceError, match="32000 x 32000 pixels, and at most 250,000,000") as error:
        open_source(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "--max-pixels" in str(error.value)


@pytest.mark.parametrize("suffix", KINDS)
@examples(10)
@given(width=st.integers(33, 200), height=st.integers(33, 200))
def test_the_header_says_what_the_decoder_finds(suffix: str, width: int, height: int) -> None:
    image = noise(height, width)
    data = encode(suffix, image if suffix not in (".pgm", ".pbm") else image[..., 0])
    assert parse_header(data) == PictureHeader(width, height)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape[:2] == (height, width)


@pytest.mark.parametrize(
    ("suffix", "parameters"),
    [
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    ],
)
def test_each_way_to_store_a_format(suffix: str, parameters: list[int]) -> None:
    assert parse_header(encode(suffix, noise(50, 70), *parameters)) == PictureHeader(70, 50)


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
@pytest.mark.parametrize("count", [2, 5])
def test_the_frames_of_an_animation_are_counted(suffix: str, count: int) -> None:
    images = [noise(seed=number) for number in range(count)]
    assert parse_header(animation(suffix, images)) == PictureHeader(64, 48, count)


def test_thumbnails_and_masks_of_a_tiff_are_no_pages() -> None:
    data = tiff_header("<", 64, 48, 16, 12, 64, 48, kinds=(0, 1, 4))
    header = parse_header(data)
    assert header is not None
    assert header.pages == (0,)


def test_directories_of_a_tiff_that_form_a_circle_end() -> None:
    data = bytearray(tiff_header("<", 64, 48))
    data[-4:] = struct.pack("<I", 8)  # the next directory is the first one
    header = parse_header(bytes(data))
    assert header is not None
    assert header.pages == (0,)


MAGICS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"GIF89a", b"BM", b"II*\0", b"MM\0+",
    b"RIFF\0\0\0\0WEBPVP8X", b"P6 ", b"P7\n", b"\xff\x4f\xff\x51", b"\0\0\0\x18ftypheic",
)  # fmt: skip


@settings()
@given(st.sampled_from(MAGICS), st.binary(max_size=300))
def test_any_bytes_give_a_header_or_none(magic: bytes, rest: bytes) -> None:
    header = parse_header(magic + rest)
    assert header is None or (header.width > 0 and header.height > 0)


def test_the_limit_can_be_chosen(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "a.png")  # 64 x 48 = 3072 pixels
    assert open_source(picture, max_pixels=3072).frames == 1
    with pytest.raises(SourceError, match="64 x 48 pixels, and at most 3,071 are read"):
        open_source(picture, max_pixels=3071)
    with pytest.raises(ValueError, match="max_pixels"):
        open_source(picture, max_pixels=0)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".tiff"])
def test_a_file_too_large_to_read_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = write_picture(tmp_path / f"a{suffix}")
    os.truncate(path, 1 << 40)  # sparse: it takes no space
    with pytest.raises(SourceError, match="too large") as error:
        open_source(path)
    assert str(error.value).startswith(f"{path}: ")
