"""Whatever stands for a picture gives the same pixels: upright, BGR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import lpr
from lpr.source import first_picture
from lpr.source.given_picture import as_image
from tests.media import encode, noise, quarters, with_orientation

PNG = encode(".png", quarters())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_files_bytes_and_pil_images_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_orientation(encode(".jpg", quarters(48, 64)), orientation))
    shown = first_picture(str(path))
    pil = PIL.Image.open(path)
    for given in (path, str(path), path.read_bytes(), memoryview(path.read_bytes())):
        np.testing.assert_array_equal(as_image(given), shown)
    np.testing.assert_allclose(as_image(pil), shown, atol=4)  # another JPEG decoder
    np.testing.assert_array_equal(lpr.imread(path), shown)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV", "I;16"])
def test_every_mode_of_pil(mode: str) -> None:
    levels = np.repeat(np.array([[0, 255], [255, 0]], np.uint8), 3, 1)
    if mode == "I;16":
        image = PIL.Image.fromarray(levels.astype(np.uint16) * 257)
    else:
        image = PIL.Image.fromarray(np.repeat(levels[..., None], 3, 2)).convert(mode)
    assert image.mode == mode
    # CMYK and HSV round.
    np.testing.assert_allclose(as_image(image), np.repeat(levels[..., None], 3, 2), atol=2)


def test_the_alpha_channel_is_dropped_not_blended() -> None:
    image = PIL.Image.new("RGBA", (4, 3), (10, 20, 30, 0))
    assert as_image(image)[0, 0].tolist() == [30, 20, 10]


@pytest.mark.parametrize(
    ("array", "colors"),
    [
        (quarters(), "bgr"),
        (quarters()[..., ::-1], "rgb"),
        (np.dstack([quarters(), np.zeros(quarters().shape[:2], np.uint8)]), "bgr"),
        (np.dstack([quarters()[..., ::-1], np.zeros(quarters().shape[:2], np.uint8)]), "rgb"),
        (np.asfortranarray(quarters()), "bgr"),
    ],
)
def test_every_order_of_colours(array: Any, colors: Any) -> None:
    np.testing.assert_array_equal(as_image(array, colors), quarters())


@pytest.mark.parametrize("colors", ["bgr", "rgb"])
def test_grey_needs_no_third_axis(colors: Any) -> None:
    grey = noise(5, 7)[..., 0]
    for array in (grey, grey[..., None], grey[::-1][::-1]):
        np.testing.assert_array_equal(as_image(array, colors), np.repeat(grey[..., None], 3, 2))


def test_a_picture_that_is_right_already_is_not_copied() -> None:
    image = quarters()
    assert as_image(image) is image


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (None, TypeError, "uint8 array, not NoneType; lpr.imread"),
        (np.zeros((4, 4, 3)), TypeError, "not float64"),
        (np.zeros((4, 4, 2), np.uint8), ValueError, r"H x W x 3 \(BGR\)"),
        (np.zeros((0, 4), np.uint8), ValueError, "at least one pixel"),
        (np.zeros((1, 4, 4, 3), np.uint8), ValueError, "H x W x 3"),
        (PIL.Image.new("F", (2, 2)), TypeError, "convert it to 'RGB' or 'L'"),
        (b"", lpr.SourceError, "the given bytes: the picture is damaged"),
        (b"no picture", lpr.SourceError, "the given bytes: the picture is damaged"),
        ("http://10.0.0.7/1.jpg", lpr.SourceError, "fetch it and pass its bytes"),
    ],
)
def test_what_is_no_picture(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        as_image(given)


def test_another_order_of_colours_is_refused() -> None:
    with pytest.raises(ValueError, match="colors has to be 'bgr' or 'rgb', not 'RGB'"):
        as_image(quarters(), "RGB")  # type: ignore[arg-type]


def test_imread_raises_and_names_the_file(tmp_path: Path) -> None:
    files = {
        "none.jpg": (None, "no such file"),
        "empty.jpg": (b"", "the file is empty"),
        "cut.png": (PNG[:60], "damaged|cannot be decoded"),
        "text.txt": (b"words", "no picture that can be read"),
    }
    for name, (data, words) in files.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(lpr.SourceError, match=words) as error:
            lpr.imread(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)
    with pytest.raises(lpr.SourceError, match=r"a video; lpr\.watch reads videos"):
        lpr.imread("samples/street.mp4")
    with pytest.raises(lpr.SourceError, match="this is a folder"):
        lpr.imread("samples")


def test_the_limit_of_pixels_holds_for_all(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(PNG)
    height, width = quarters().shape[:2]
    for given in (path, PNG, PIL.Image.open(path)):
        with pytest.raises(lpr.SourceError, match=f"{width} x {height} pixels, and at most 100"):
            as_image(given, max_pixels=100)
    with pytest.raises(lpr.SourceError, match="at most 100"):
        lpr.imread(path, max_pixels=100)


def test_a_pil_image_that_is_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(encode(".jpg", noise(64, 64))[:-500])
    with pytest.raises(lpr.SourceError, match=r"cut\.jpg: the picture is damaged or cut short"):
        as_image(PIL.Image.open(path))
