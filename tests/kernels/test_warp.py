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
TOLERANCE = 3e-5
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def whole(width: int, height: int) -> np.ndarray:
    return CORNERS[None] * np.array([width, height], np.float32)


@pytest.mark.parametrize("width", SIDES)
@pytest.mark.parametrize("height", SIDES)
def test_a_whole_picture_at_its_own_size_is_itself(
    impl: str, rng: np.random.Generator, width: int, height: int
) -> None:
    image = picture(rng, height, width)
    out = kernels.warp(image, whole(width, height), width, height, channels="bgr", impl=impl)
    np.testing.assert_allclose(out[0] * 255, image.transpose(2, 0, 1), rtol=0, atol=1e-2)


@pytest.mark.parametrize("width", SIDES)
@pytest.mark.parametrize("height", SIDES)
def test_every_size(impl: str, rng: np.random.Generator, width: int, height: int) -> None:
    image = picture(rng, 41, 53)
    quad = np.array([[10.5, 8], [44, 12.25], [40, 33], [7, 30]], np.float32)
    out = kernels.warp(image, quad[None], width, height, channels="rgb", impl=impl)
    expected = oracles.warp(
        image, quad.astype(float), width, height, "stretch", "rgb", 0.0, 0.0, 1.0
    )
    np.testing.assert_allclose(out[0], expected, rtol=0, atol=TOLERANCE)


@given(
    sizes=st.tuples(*[st.integers(1, 40)] * 4),
    noise=st.lists(st.floats(-0.1875, 0.1875, width=16), min_size=8, max_size=8),
    place=st.tuples(st.floats(-1, 1, width=16), st.floats(-1, 1, width=16)),
    scale=st.floats(0.125, 3, width=16),
    resize=st.sampled_from(["letterbox", "stretch"]),
    channels=st.sampled_from(["rgb", "bgr", "gray"]),
    margin=st.floats(-0.25, 0.25, width=16),
    seed=st.integers(0, 99),
)
@examples(120)
def test_matches_the_oracle(
    impl: str,
    sizes: tuple[int, int, int, int],
    noise: list[float],
    place: tuple[float, float],
    scale: float,
    resize: Resize,
    channels: Channels,
    margin: float,
    seed: int,
) -> None:
    height, width, to_width, to_height = sizes
    image = picture(np.random.default_rng(seed), height, width)
    shape = CORNERS + np.array(noise, np.float32).reshape(4, 2)
    quad = ((shape * scale + np.array(place)) * [width, height]).astype(np.float32)
    out = kernels.warp(
        image,
        quad[None],
        to_width,
        to_height,
        resize=resize,
        channels=channels,
        margin=margin,
        mean=0.25,
        std=0.5,
        impl=impl,
    )
    expected = oracles.warp(
        image, quad.astype(float), to_width, to_height, resize, channels, margin, 0.25, 0.5
    )
    assert out.shape == (1, *expected.shape)
    np.testing.assert_allclose(out[0], expected, rtol=0, atol=2 * TOLERANCE)


def test_many_quads_give_what_each_gives_alone(impl: str, rng: np.random.Generator) -> None:
    image = picture(rng, 200, 300)
    places = rng.uniform(20, 180, (7, 1, 2))
    quads = (places + CORNERS * [60, 25] + rng.normal(0, 2, (7, 4, 2))).astype(np.float32)
    batch = kernels.warp(image, quads, 48, 24, impl=impl)
    assert batch.shape == (7, 1, 24, 48)
    for quad, entry in zip(quads, batch, strict=True):
        np.testing.assert_array_equal(kernels.warp(image, quad[None], 48, 24, impl=impl)[0], entry)


def test_no_quads_give_an_empty_batch(impl: str, rng: np.random.Generator) -> None:
    out = kernels.warp(picture(rng, 9, 9), np.empty((0, 4, 2), np.float32), 8, 4, impl=impl)
    assert out.shape == (0, 1, 4, 8)


def test_agrees_with_opencv_where_nothing_is_shrunk(impl: str, rng: np.random.Generator) -> None:
    image = cv2.GaussianBlur(picture(rng, 80, 120), (0, 0), 2)
    quad = np.array([[30, 20], [85, 27], [80, 52], [28, 44]], np.float32)
    out = kernels.warp(image, quad[None], 96, 48, channels="bgr", impl=impl)
    target = CORNERS * np.array([96, 48], np.float32)
    matrix = cv2.getPerspectiveTransform(quad - 0.5, target - 0.5)
    theirs = cv2.warpPerspective(
        image, matrix, (96, 48), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    np.testing.assert_allclose(out[0] * 255, theirs.transpose(2, 0, 1), rtol=0, atol=2)


def test_shrinking_does_not_alias(impl: str) -> None:
    stripes = np.zeros((120, 240, 3), np.uint8)
    stripes[:, ::2] = 255
    out = kernels.warp(stripes, whole(240, 120), 60, 30, impl=impl)
    np.testing.assert_allclose(out, 0.5, atol=1e-5)


def test_margin_is_measured_in_the_quads_own_plane(impl: str, rng: np.random.Generator) -> None:
    """A plate seen at an angle, cut out of the middle of a larger plane seen at the same angle."""
    image = cv2.GaussianBlur(picture(rng, 120, 160), (0, 0), 3)
    plane = np.array([[20, 20], [140, 40], [130, 90], [25, 110]], np.float64)
    matrix = oracles.homography(plane)
    inner = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])
    mapped = np.column_stack([inner, np.ones(4)]) @ matrix.T
    quad = (mapped[:, :2] / mapped[:, 2:]).astype(np.float32)
    larger = kernels.warp(image, quad[None], 200, 120, margin=0.5, impl=impl)
    direct = kernels.warp(image, plane.astype(np.float32)[None], 200, 120, impl=impl)
    np.testing.assert_allclose(larger, direct, atol=2e-3)


def test_letterbox_keeps_proportions_and_pads_with_grey(impl: str) -> None:
    image = np.full((60, 90, 3), 255, np.uint8)
    out = kernels.warp(
        image, whole(60, 15), 40, 30, resize="letterbox", mean=0.5, std=0.25, impl=impl
    )[0, 0]
    assert (out[:10] == 0).all()
    assert (out[20:] == 0).all()
    np.testing.assert_allclose(out[10:20], 2, atol=1e-5)


def test_beyond_the_picture_its_border_continues(impl: str) -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    image[:, 9] = 255
    out = kernels.warp(image, whole(10, 10) + np.float32([10, 0]), 5, 5, impl=impl)
    np.testing.assert_allclose(out, 1, atol=1e-6)


def test_a_mirrored_quad_gives_a_mirrored_picture(impl: str, rng: np.random.Generator) -> None:
    image = picture(rng, 20, 30)
    quad = whole(30, 20)
    out = kernels.warp(image, quad[:, [1, 0, 3, 2]], 30, 20, impl=impl)
    np.testing.assert_allclose(out[..., ::-1], kernels.warp(image, quad, 30, 20), atol=1e-5)


BAD_QUADS = {
    "a point": [[5, 5]] * 4,
    "a line": [[1, 1], [9, 1], [9, 1], [1, 1]],
    "a triangle": [[1, 1], [9, 1], [5, 5], [1, 9]],
    "crossed": [[1, 1], [9, 9], [9, 1], [1, 9]],
    "dented": [[0, 0], [9, 0], [3, 3], [0, 9]],
    "nan": [[1, 1], [9, np.nan], [9, 9], [1, 9]],
    "infinite": [[1, 1], [np.inf, 1], [9, 9], [1, 9]],
}


@pytest.mark.parametrize("name", BAD_QUADS)
def test_a_quad_that_shows_nothing_is_grey(impl: str, rng: np.random.Generator, name: str) -> None:
    good = whole(9, 9)
    quads = np.concatenate([good, np.array([BAD_QUADS[name]], np.float32), good])
    image = picture(rng, 12, 12)
    out = kernels.warp(image, quads, 8, 6, mean=0.25, std=0.5, impl=impl)
    assert (out[1] == 0.5).all()
    np.testing.assert_array_equal(out[0], out[2])
    assert (out[0] != 0.5).any()


def test_a_margin_beyond_the_horizon_is_grey(impl: str, rng: np.random.Generator) -> None:
    steep = np.array([[[45, 10], [55, 10], [100, 90], [0, 90]]], np.float32)
    out = kernels.warp(picture(rng, 100, 100), steep, 8, 8, margin=0.4, impl=impl)
    assert (out == 0.5).all()


@given(
    corners=st.lists(
        st.floats(width=32) | st.sampled_from([0.0, 1e9, -1e9, 3e38, -3e38, 1e-30]),
        min_size=8,
        max_size=8,
    )
)
@examples(150)
def test_any_numbers_give_values_of_the_picture(impl: str, corners: list[float]) -> None:
    image = np.full((5, 7, 3), 51, np.uint8)
    quads = np.array(corners, np.float32).reshape(1, 4, 2)
    out = kernels.warp(image, quads, 19, 6, resize="letterbox", margin=0.1, impl=impl)
    assert (np.isclose(out, 0.2, atol=1e-6) | (out == 0.5)).all()


@pytest.mark.parametrize("far", [1e5, 1e7, 1e9, 1e30])
def test_far_outside_there_is_the_nearest_corner(impl: str, far: float) -> None:
    image = np.zeros((6, 8, 3), np.uint8)
    image[-1, -1] = 255
    out = kernels.warp(image, whole(8, 6) * np.float32(far) + np.float32(far), 9, 5, impl=impl)
    np.testing.assert_allclose(out, 1, atol=1e-6)


def test_a_part_of_a_picture_gives_what_its_copy_gives(impl: str, rng: np.random.Generator) -> None:
    part = picture(rng, 90, 120)[11:76:3, 5:50]
    quad = whole(part.shape[1], part.shape[0]) * np.float32(1.25) - np.float32(3)
    view = kernels.warp(part, quad, 64, 32, impl=impl)
    np.testing.assert_array_equal(view, kernels.warp(part.copy(), quad, 64, 32, impl=impl))


def test_writes_into_its_part_of_a_batch_alone(impl: str, rng: np.random.Generator) -> None:
    image = picture(rng, 40, 60)
    batch = np.full((4, 1, 6, 9), -1, np.float32)
    quads = np.concatenate([whole(60, 40), whole(30, 20)])
    kernels.warp(image, quads, 9, 6, out=batch[1:3], impl=impl)
    np.testing.assert_array_equal(batch[1:3], kernels.warp(image, quads, 9, 6, impl=impl))
    assert (batch[[0, 3]] == -1).all()
