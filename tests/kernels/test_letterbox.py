from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from lpr.specs import Channels, Resize
from tests.properties import examples

from . import oracles

SIDES = (1, 2, 3, 13, 15, 127)
TOLERANCE = 2e-6


def picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("height", SIDES)
@pytest.mark.parametrize("width", SIDES)
@pytest.mark.parametrize("interpolation", ["area", "linear"])
def test_every_size_to_every_other(
    impl: str, rng: np.random.Generator, width: int, height: int, interpolation: str
) -> None:
    image = picture(rng, height, width)
    for size in SIDES:
        for to_width, to_height in {(size, size), (size, 15), (13, size)}:
            out, _ = kernels.letterbox(
                image, to_width, to_height, interpolation=interpolation, impl=impl
            )
            expected = oracles.letterbox(
                image, to_width, to_height, "letterbox", "rgb", interpolation, 0.5
            )
            np.testing.assert_allclose(out, expected, rtol=0, atol=TOLERANCE)


@given(
    sizes=st.tuples(*[st.integers(1, 40)] * 4),
    resize=st.sampled_from(["letterbox", "stretch"]),
    channels=st.sampled_from(["rgb", "bgr", "gray"]),
    interpolation=st.sampled_from(["area", "linear"]),
    pad=st.floats(0, 1, width=32),
    seed=st.integers(0, 99),
)
@examples(80)
def test_matches_the_oracle(
    impl: str,
    sizes: tuple[int, int, int, int],
    resize: Resize,
    channels: Channels,
    interpolation: str,
    pad: float,
    seed: int,
) -> None:
    height, width, to_width, to_height = sizes
    image = picture(np.random.default_rng(seed), height, width)
    out, _ = kernels.letterbox(
        image,
        to_width,
        to_height,
        resize=resize,
        channels=channels,
        interpolation=interpolation,
        pad=pad,
        impl=impl,
    )
    expected = oracles.letterbox(image, to_width, to_height, resize, channels, interpolation, pad)
    assert out.shape == expected.shape
    np.testing.assert_allclose(out, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("size", [(1200, 900), (2600, 1), (1, 2600)])
def test_shrinking_by_hundreds(impl: str, rng: np.random.Generator, size: tuple[int, int]) -> None:
    image = picture(rng, *size)
    out, _ = kernels.letterbox(image, 3, 2, resize="stretch", impl=impl)
    expected = oracles.letterbox(image, 3, 2, "stretch", "rgb", "area", 0.5)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_area_is_that_of_opencv(impl: str, rng: np.random.Generator, factor: int) -> None:
    image = picture(rng, 15 * factor, 13 * factor)
    out, _ = kernels.letterbox(image, 13, 15, channels="bgr", impl=impl)
    theirs = cv2.resize(image.astype(np.float32), (13, 15), interpolation=cv2.INTER_AREA) / 255
    np.testing.assert_allclose(out, theirs.transpose(2, 0, 1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(31, 29), (64, 64), (127, 40), (7, 9)])
def test_linear_is_that_of_opencv(
    impl: str, rng: np.random.Generator, size: tuple[int, int]
) -> None:
    image = picture(rng, 21, 17)
    out, _ = kernels.letterbox(
        image, *size, resize="stretch", channels="bgr", interpolation="linear", impl=impl
    )
    theirs = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) / 255
    np.testing.assert_allclose(out, theirs.transpose(2, 0, 1), rtol=0, atol=1e-5)


def test_gray_is_that_of_opencv(impl: str, rng: np.random.Generator) -> None:
    image = picture(rng, 20, 30)
    out, _ = kernels.letterbox(image, 30, 20, channels="gray", impl=impl)
    theirs = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    np.testing.assert_allclose(out[0] * 255, theirs, rtol=0, atol=0.51)


def test_placement_tells_where_a_point_went(impl: str) -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[100:110, 250:260] = 255
    out, placement = kernels.letterbox(image, 150, 128, channels="gray", pad=0.0, impl=impl)
    mass = out[0] / out.sum()
    x = float((mass.sum(0) * (np.arange(150) + 0.5)).sum())
    y = float((mass.sum(1) * (np.arange(128) + 0.5)).sum())
    assert placement.to_source(x, y) == pytest.approx((255, 105), abs=1e-3)


def test_placement_maps_the_picture_onto_whole_pixels(impl: str) -> None:
    image = np.full((77, 101, 3), 255, np.uint8)
    out, placement = kernels.letterbox(image, 64, 61, channels="gray", pad=0.25, impl=impl)
    left, top = placement.offset_x, placement.offset_y
    right, bottom = left + 101 * placement.scale_x, top + 77 * placement.scale_y
    assert (left, top, right, bottom) == (0, 6, 64, 55)
    np.testing.assert_allclose(out[0, 6:55], 1, atol=1e-6)
    assert (out[0, :6] == 0.25).all()
    assert (out[0, 55:] == 0.25).all()


def test_stretch_scales_the_axes_apart(impl: str) -> None:
    _, placement = kernels.letterbox(
        np.zeros((10, 40, 3), np.uint8), 20, 30, resize="stretch", impl=impl
    )
    assert placement == (0.5, 3.0, 0.0, 0.0)


def test_a_part_of_a_picture_gives_what_its_copy_gives(impl: str, rng: np.random.Generator) -> None:
    part = picture(rng, 90, 120)[11:76:2, 5:50]
    view, _ = kernels.letterbox(part, 32, 24, impl=impl)
    copy, _ = kernels.letterbox(part.copy(), 32, 24, impl=impl)
    np.testing.assert_array_equal(view, copy)


def test_writes_into_its_entry_of_a_batch_alone(impl: str, rng: np.random.Generator) -> None:
    image = picture(rng, 50, 40)
    batch = np.full((3, 3, 24, 32), -1, np.float32)
    out, _ = kernels.letterbox(image, 32, 24, out=batch[1], impl=impl)
    assert np.shares_memory(out, batch)
    np.testing.assert_array_equal(batch[1], kernels.letterbox(image, 32, 24, impl=impl)[0])
    assert (batch[[0, 2]] == -1).all()
