"""Pictures of every kind come out upright, as BGR uint8; broken ones are named."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpr.errors import SourceError
from lpr.source import PICTURE_SUFFIXES, media_type_of, open_source
from lpr.types import Frame, Image
from tests.media import (
    WRITES_AVIF,
    animation,
    cmyk_jpeg,
    encode,
    grey_levels,
    noise,
    pages,
    png,
    quarters,
    targa,
    with_orientation,
)
from tests.properties import examples

Colour = tuple[int, int, int]
BLUE, GREEN, RED, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def read(path: Path, data: bytes | None = None) -> Image:
    """The one frame of a picture, checked for what holds for all pictures."""
    if data is not None:
        path.write_bytes(data)
    with open_source(path) as source:
        assert (source.kind, source.frames, source.fps) == ("picture", 1, None)
        (frame,) = source
    assert frame == Frame(frame.image, str(path), 0, None)
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    assert frame.image.shape == (frame.height, frame.width, 3)
    return frame.image


def corners(image: Image) -> list[Colour]:
    """Top left, top right, bottom left, bottom right."""
    height, width = image.shape[:2]
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [tuple(255 * round(int(v) / 255) for v in image[place]) for place in places]  # type: ignore[misc]


AVIF = [".avif"] if WRITES_AVIF else []
WRITTEN = PICTURE_SUFFIXES - {".heic", ".heif", ".pgm", ".pbm", ".avif"} | set(AVIF)


@pytest.mark.parametrize("suffix", sorted(WRITTEN))
def test_every_format_that_folders_are_searched_for(tmp_path: Path, suffix: str) -> None:
    written = {".apng": ".png", ".dib": ".bmp", ".jfif": ".jpg", ".pnm": ".ppm"}.get(suffix, suffix)
    data = targa(quarters()) if suffix == ".tga" else encode(written, quarters())
    image = read(tmp_path / f"picture{suffix}", data)
    assert image.shape == (48, 64, 3)
    assert corners(image) == [BLUE, GREEN, RED, WHITE]


def test_the_content_tells_what_a_file_is(tmp_path: Path) -> None:
    for name in ("png.jpg", "no-suffix", "picture.txt"):
        assert corners(read(tmp_path / name, encode(".png", quarters())))[0] == BLUE


def test_one_pixel(tmp_path: Path) -> None:
    pixel = np.array([[[10, 20, 30]]], np.uint8)
    np.testing.assert_array_equal(read(tmp_path / "one.png", encode(".png", pixel)), pixel)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path, suffix: str) -> None:
    deep = np.array([[[0, 0x7FFF, 0xFFFF], [0x0101, 0x4040, 0xC0C0]]], np.uint16)
    image = read(tmp_path / f"deep{suffix}", encode(suffix, deep))
    np.testing.assert_allclose(image, deep / 257, atol=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_has_three_equal_channels(tmp_path: Path, dtype: type) -> None:
    top = np.iinfo(dtype).max
    grey = np.linspace(0, top, 12).reshape(3, 4).astype(dtype)
    image = read(tmp_path / "grey.png", encode(".png", grey))
    np.testing.assert_allclose(image, np.repeat(grey[..., None], 3, 2) / top * 255, atol=1)


@pytest.mark.parametrize("alpha", [0, 128, 255])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_transparency_is_dropped(tmp_path: Path, alpha: int, depth: type) -> None:
    unit = np.iinfo(depth).max // 255
    rgba = np.dstack([quarters(), np.full((48, 64), alpha, np.uint8)]).astype(depth) * unit
    image = read(tmp_path / "rgba.png", encode(".png", rgba))
    np.testing.assert_array_equal(image, quarters())


def test_palette(tmp_path: Path) -> None:
    colours, transparent = bytes([255, 0, 0, 0, 0, 255]), bytes([0, 255])
    data = png((2, 1), 3, 8, b"\0\0\1", (b"PLTE", colours), (b"tRNS", transparent))
    assert read(tmp_path / "palette.png", data).tolist() == [[[0, 0, 255], [255, 0, 0]]]


@pytest.mark.parametrize(
    ("inks", "colour"),
    [
        ((0, 0, 0, 0), WHITE),
        ((0, 255, 255, 0), RED),
        ((255, 255, 0, 0), BLUE),
        ((0, 0, 0, 255), (0, 0, 0)),
    ],
)
def test_cmyk(tmp_path: Path, inks: tuple[int, int, int, int], colour: Colour) -> None:
    image = read(tmp_path / "print.jpg", cmyk_jpeg(inks))
    np.testing.assert_allclose(image, np.broadcast_to(np.array(colour), (8, 8, 3)), atol=2)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", *AVIF])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_an_animation_gives_its_frames(tmp_path: Path, suffix: str, every: int) -> None:
    path = tmp_path / f"moving{suffix}"
    path.write_bytes(animation(suffix, grey_levels(7, step=30)))
    assert media_type_of(str(path)) == "video"
    with open_source(path, every) as source:
        assert source.kind == "video"
        assert source.fps == pytest.approx(10 / every)
        frames = list(source)
        assert source.frames in (len(frames), None if suffix == ".avif" else len(frames))
    assert [frame.index for frame in frames] == list(range(0, 7, every))
    assert [frame.time for frame in frames] == pytest.approx([i / 10 for i in range(0, 7, every)])
    for frame in frames:
        assert frame.image.shape == (48, 64, 3)
        # A GIF dithers between the colours of its palette.
        assert frame.image.mean() == pytest.approx(30 * frame.index, abs=4)


def test_a_long_animation_is_decoded_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpr.source.animation._BLOCK_PIXELS", 3 * 64 * 48)
    (tmp_path / "a.webp").write_bytes(animation(".webp", grey_levels(8, step=30)))
    with open_source(tmp_path / "a.webp") as source:
        levels = [round(frame.image.mean() / 30) for frame in source]
    assert levels == list(range(8))


def test_an_animation_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    whole = animation(".gif", [noise(seed=i) for i in range(9)])
    (tmp_path / "a.gif").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(SourceError, match=r"a\.gif: "), open_source(tmp_path / "a.gif") as source:
        list(source)


def test_the_pages_of_a_tiff_are_frames(tmp_path: Path) -> None:
    scan = tmp_path / "scan.tif"
    scan.write_bytes(pages([quarters(40 + i, 60) // (i + 1) for i in range(3)]))
    assert media_type_of(str(scan)) == "picture"
    with open_source(scan) as source:
        assert (source.kind, source.frames, source.fps) == ("picture", 3, None)
        frames = list(source)
    assert [(frame.index, frame.time, frame.height) for frame in frames] == [
        (0, None, 40),
        (1, None, 41),
        (2, None, 42),
    ]
    for number, frame in enumerate(frames, 1):
        np.testing.assert_array_equal(frame.image, quarters(39 + number, 60) // number)


@pytest.mark.parametrize("top_down", [True, False])
def test_a_targa_picture(tmp_path: Path, top_down: bool) -> None:
    data = bytearray(targa(quarters()))
    if not top_down:
        data[17] = 0
    image = read(tmp_path / "a.tga", bytes(data))
    rows = quarters() if top_down else quarters()[::-1]
    np.testing.assert_array_equal(image, rows)


def test_a_heic_picture(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    image = cv2.resize(quarters(), (640, 480), interpolation=cv2.INTER_NEAREST)
    file = pillow_heif.from_bytes("RGB", (640, 480), image[..., ::-1].tobytes())
    file.save(tmp_path / "phone.heic", quality=90)
    found = read(tmp_path / "phone.heic")
    assert found.shape == (480, 640, 3)
    assert corners(found) == [BLUE, GREEN, RED, WHITE]
    cut = (tmp_path / "phone.heic").read_bytes()[:-500]
    (tmp_path / "cut.heic").write_bytes(cut)
    with pytest.raises(SourceError, match=r"cut\.heic: .*damaged"):
        open_source(tmp_path / "cut.heic")


def test_a_heic_picture_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    size = b"\0\0\0\x14ispe\0\0\0\0\0\0\0\x40\0\0\0\x40"
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + size)
    with pytest.raises(SourceError, match=r"phone\.heic: .*pip install 'lpr\[heic\]'"):
        open_source(tmp_path / "phone.heic")


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".txt", ""])
def test_a_picture_named_like_something_else_is_a_picture(tmp_path: Path, suffix: str) -> None:
    for content in (".jpg", ".png"):
        assert corners(read(tmp_path / f"a{suffix}", encode(content, quarters())))[0] == BLUE


# What a viewer shows for each EXIF orientation of a picture stored as blue, green, red, white.
@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, [BLUE, GREEN, RED, WHITE]),
        (2, [GREEN, BLUE, WHITE, RED]),
        (3, [WHITE, RED, GREEN, BLUE]),
        (4, [RED, WHITE, BLUE, GREEN]),
        (5, [BLUE, RED, GREEN, WHITE]),
        (6, [RED, BLUE, WHITE, GREEN]),
        (7, [WHITE, GREEN, RED, BLUE]),
        (8, [GREEN, WHITE, BLUE, RED]),
    ],
)
def test_photos_are_turned_upright(tmp_path: Path, orientation: int, shown: list[Colour]) -> None:
    photo = with_orientation(encode(".jpg", quarters(48, 64)), orientation)
    image = read(tmp_path / "photo.jpg", photo)
    assert image.shape == ((48, 64, 3) if orientation < 5 else (64, 48, 3))
    assert corners(image) == shown


def test_bytes_after_a_jpeg_do_no_harm(tmp_path: Path) -> None:
    photo = encode(".jpg", quarters())
    for rest in (b"\0" * 1000, b"appended video", photo):
        assert corners(read(tmp_path / "photo.jpg", photo + rest))[0] == BLUE


def test_a_name_that_is_not_unicode(tmp_path: Path) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/plate\xff.png"))
    assert corners(read(path, encode(".png", quarters())))[0] == BLUE


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.jpg", b"", "empty"),
        ("text.jpg", b"These are words.\n" * 100, "neither a picture nor a video"),
        ("text.mp4", b"#EXTM3U\nhttp://example.org/1.ts\n", "neither a picture nor a video"),
        ("bytes.bin", bytes(range(256)), "neither a picture nor a video"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "convert it to JPEG or PNG"),
        ("broken.png", b"\x89PNG\r\n\x1a\n" + b"\7" * 99, "damaged"),
        ("huge.png", png((40_000, 40_000), 2, 8, b""), "too large"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=reason) as error:
        open_source(path)
    assert str(error.value).startswith(f"{path}: ")


FILES = {
    "photo.jpg": encode(".jpg", noise()),
    "progressive.jpg": encode(".jpg", noise(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "photo.png": encode(".png", noise()),
    "photo.webp": encode(".webp", noise()),
    "photo.bmp": encode(".bmp", noise()),
    "photo.gif": encode(".gif", noise()),
    "photo.tiff": encode(".tiff", noise()),
}


@pytest.mark.parametrize("name", FILES)
@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_picture_that_is_cut_short_is_an_error(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    whole = FILES[name]
    # The last bytes hold no picture: a PNG's closing chunk, a GIF's closing block.
    kept = data.draw(st.integers(1, len(whole) - 16))
    (tmp_path / name).write_bytes(whole[:kept])
    with pytest.raises(SourceError):
        open_source(tmp_path / name)


MAGICS = (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"P6 ", b"RIFF")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(MAGICS), st.binary(max_size=200))
def test_any_bytes_give_a_picture_or_an_error(tmp_path: Path, magic: bytes, rest: bytes) -> None:
    path = tmp_path / "any.jpg"
    path.write_bytes(magic + rest)
    assert media_type_of(str(path)) in ("picture", "video", None)
    with contextlib.suppress(SourceError), open_source(path) as source:
        for frame in source:
            assert frame.image.dtype == np.uint8
            assert frame.image.shape == (frame.height, frame.width, 3)


def test_libraries_are_kept_quiet_but_python_is_not(tmp_path: Path) -> None:
    broken = [tmp_path / name for name in ("cut.png", "dirty.jpg", "cut.webp", "cut.mp4")]
    photo = encode(".jpg", noise())
    broken[0].write_bytes(FILES["photo.png"][:900])
    broken[1].write_bytes(photo[:-2] + b"\x55" * 300 + photo[-2:])
    broken[2].write_bytes(FILES["photo.webp"][:300])
    broken[3].write_bytes(b"\0\0\0\x20ftypisom" + bytes(300))
    code = """
import sys
from lpr.errors import SourceError
from lpr.source import open_source, quiet
with quiet():
    for path in sys.argv[1:]:
        try:
            open_source(path).close()
        except SourceError:
            pass
    print("still here", file=sys.stderr)
print("after", file=sys.stderr)
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENCV_")}
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, broken)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert run.stderr == "still here\nafter\n"
