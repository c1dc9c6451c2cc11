"""Crops, scenes and clips: what they say about their plates is true."""

from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.regions.taiwan import TAIWAN
from lpr.types import Box, Quad
from lpr_training.synth.geometry import bounds, lay_onto, random_view
from lpr_training.synth.preview import contact_sheet
from lpr_training.synth.scenes.crops import CropStream, render_crop
from lpr_training.synth.scenes.paste import paste_plate
from lpr_training.synth.scenes.scene import render_scene
from tests.properties import examples

seeds = st.integers(0, 2**32 - 1)


def corners_of(quad: Quad) -> np.ndarray:
    return np.asarray(quad, np.float32)


def is_in_reading_order(quad: Quad) -> bool:
    """Clockwise from the top left, and convex."""
    a = corners_of(quad)
    sides = np.roll(a, -1, axis=0) - a
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1]
    turns -= sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    return bool((turns > 0).all() and a[0, 0] < a[1, 0] and a[3, 0] < a[2, 0])


@examples(30)
@given(seed=seeds)
def test_a_crop_has_its_plate_inside_with_room_around(seed: int) -> None:
    crop = render_crop(np.random.default_rng(seed))
    height, width = crop.image.shape[:2]
    box = bounds(corners_of(crop.quad))
    assert crop.image.dtype == np.uint8
    assert TAIWAN.display(crop.text) is not None
    assert is_in_reading_order(crop.quad)
    for room, size in (
        (box.x0, box.width),
        (box.y0, box.height),
        (width - box.x1, box.width),
        (height - box.y1, box.height),
    ):
        assert room >= 0.149 * size


@examples(30)
@given(seed=seeds, wide=st.floats(20, 150))
def test_a_plate_covers_its_quad_exactly(seed: int, wide: float) -> None:
    """A white sheet laid on black has the quad's area and centre, to parts of a pixel."""
    rng = np.random.default_rng(seed)
    view = random_view(rng, 2.2) * np.float32(wide)
    corners = (view - view.min(axis=0) + 10.3).astype(np.float32)
    size = np.ceil(corners.max(axis=0)).astype(int) + 10
    black = np.zeros((size[1], size[0], 3), np.uint8)
    sheet, solid = np.full((90, 200, 3), 255, np.uint8), np.full((90, 200), 255, np.uint8)
    laid, cover = lay_onto(black, sheet, solid, corners)
    ys, xs = np.mgrid[: size[1], : size[0]] + 0.5
    share = cover / 255.0
    moments = cv2.moments(corners)
    assert share.sum() == pytest.approx(moments["m00"], rel=0.03, abs=4)
    assert (xs * share).sum() / share.sum() == pytest.approx(
        moments["m10"] / moments["m00"], abs=0.3
    )
    assert (ys * share).sum() / share.sum() == pytest.approx(
        moments["m01"] / moments["m00"], abs=0.3
    )
    assert np.abs(laid[:, :, 0].astype(int) - cover).max() <= 2


def test_nothing_is_drawn_outside_of_the_quad() -> None:
    rng = np.random.default_rng(4)
    below = rng.integers(0, 255, (120, 200, 3), dtype=np.uint8)
    corners = np.array([[60, 40], [150, 45], [148, 85], [58, 80]], np.float32)
    sheet, solid = np.full((90, 200, 3), 255, np.uint8), np.full((90, 200), 255, np.uint8)
    laid, _ = lay_onto(below, sheet, solid, corners)
    inside = cv2.fillConvexPoly(np.zeros((120, 200), np.uint8), np.rint(corners).astype(int), 1)
    outside = cv2.dilate(inside, np.ones((5, 5), np.uint8)) == 0
    assert np.array_equal(laid[outside], below[outside])
    assert (laid[cv2.erode(inside, np.ones((5, 5), np.uint8)) == 1] > 250).all()


def test_the_quad_is_where_the_plate_is() -> None:
    """Upright and in plain light, what the quad cuts out is the plate that was asked for."""
    crops = [
        render_crop(np.random.default_rng(s), "888888", "car", rotation=0, tilt=0)
        for s in range(40)
    ]
    likeness = []
    for crop in crops:
        target = np.array([[0, 0], [100, 0], [100, 44], [0, 44]], np.float32)
        matrix = cv2.getPerspectiveTransform(corners_of(crop.quad) - 0.5, target - 0.5)
        flat = cv2.cvtColor(cv2.warpPerspective(crop.image, matrix, (100, 44)), cv2.COLOR_BGR2GRAY)
        likeness.append(flat.astype(float).mean(axis=0))
    profile = np.mean(likeness, axis=0)
    # Six equal characters and a dot: symmetric about the middle, darker than the plate's ends.
    assert np.abs(profile - profile[::-1]).mean() < 0.06 * profile.mean()
    assert profile[12:88].mean() < profile[[3, 4, 95, 96]].mean()


def test_the_same_seed_gives_the_same_crops() -> None:
    first, again, other = (CropStream(seed) for seed in (1, 1, 2))
    for _ in range(5):
        a, b, c = next(first), next(again), next(other)
        assert np.array_equal(a.image, b.image)
        assert (a.quad, a.text) == (b.quad, b.text)
        assert a.text != c.text


@examples(10)
@given(seed=seeds)
def test_a_scene_s_plates_are_in_the_picture_and_apart(seed: int) -> None:
    scene = render_scene(np.random.default_rng(seed), 320, 240)
    assert scene.image.shape == (240, 320, 3)
    assert len(scene.plates) <= 4
    for plate in scene.plates:
        assert 16 <= plate.box.width <= 160
        assert Box(0, 0, 320, 240).contains(plate.box.center)
        assert plate.box == bounds(corners_of(plate.quad))
        assert is_in_reading_order(plate.quad)
        others = [p for p in scene.plates if p is not plate]
        assert all(plate.box.iou(other.box) == 0 for other in others)


def test_scenes_repeat_with_their_seed() -> None:
    first, again = (render_scene(np.random.default_rng(6), 320, 240) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert first.plates == again.plates


def test_some_scenes_have_no_plate_and_some_several() -> None:
    counts = [len(render_scene(np.random.default_rng(s), 320, 240).plates) for s in range(25)]
    assert min(counts) == 0
    assert max(counts) >= 2


@examples(20)
@given(seed=seeds, x=st.floats(0, 200), y=st.floats(0, 140), wide=st.floats(20, 110))
def test_a_plate_pasted_over_a_label_has_the_label_s_box(
    seed: int, x: float, y: float, wide: float
) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    label = Box(x, y, x + wide, y + wide / 2.2)
    before = picture.copy()
    pasted, plate = paste_plate(rng, picture, label.quad)
    assert plate.box == pytest.approx(label, abs=0.01)
    assert np.array_equal(picture, before)
    changed = np.argwhere((pasted != before).any(axis=2))
    margin = 6
    assert changed[:, 1].min() >= x - margin
    assert changed[:, 1].max() <= label.x1 + margin
    assert changed[:, 0].min() >= y - margin
    assert changed[:, 0].max() <= label.y1 + margin


def test_what_was_on_the_labelled_plate_is_gone() -> None:
    picture = np.full((200, 300, 3), 90, np.uint8)
    picture[80:120, 100:190] = (0, 0, 255)
    pasted, plate = paste_plate(np.random.default_rng(2), picture, Box(100, 80, 190, 120).quad)
    hull = cv2.fillConvexPoly(
        np.zeros((200, 300), np.uint8), np.rint(corners_of(plate.quad)).astype(int), 1
    )
    left_over = pasted[cv2.dilate(hull, np.ones((5, 5), np.uint8)) == 0].astype(int)
    assert (left_over[:, 2] - left_over[:, 0]).max() < 60


@examples(20)
@given(seed=seeds)
def test_a_plate_pasted_anywhere_keeps_off_what_it_shall_avoid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = np.full((300, 400, 3), 120, np.uint8)
    taken = Box(0, 0, 150, 300)
    _, plate = paste_plate(rng, picture, avoid=[taken])
    assert plate.box.iou(taken) == 0
    assert plate.box.x0 >= 0
    assert plate.box.y0 >= 0
    assert plate.box.x1 <= 400
    assert plate.box.y1 <= 300


@pytest.mark.parametrize(("dark", "light"), [(5, 60), (60, 200), (120, 180)])
def test_a_pasted_plate_takes_on_the_light_of_the_one_it_covers(dark: int, light: int) -> None:
    picture = np.full((200, 300, 3), (dark + light) // 2, np.uint8)
    picture[80:120, 100:190] = light
    picture[95:105, 110:180] = dark
    levels = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        pasted, _ = paste_plate(rng, picture, Box(100, 80, 190, 120).quad)
        levels.append(np.percentile(pasted[85:115, 110:180], 90))
    assert np.median(levels) == pytest.approx(light, rel=0.3)


def test_the_contact_sheet_shows_as_many_rows_as_needed() -> None:
    one, eleven = (contact_sheet(islice(CropStream(1), count)) for count in (1, 11))
    assert one.shape[1] == eleven.shape[1]
    assert eleven.shape[0] == 2 * one.shape[0]
    assert np.array_equal(contact_sheet(islice(CropStream(1), 11)), eleven)
