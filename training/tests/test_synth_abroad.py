"""Plates from abroad, things that are no plates, and weather."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lpr.types import Box
from lpr_training.datasets.pyramid import Pyramid
from lpr_training.datasets.rendered import Edits, edited
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.plates.foreign import ASPECTS, STYLE, render_foreign
from lpr_training.synth.plates.foreign_styles import MARKETS
from lpr_training.synth.plates.origin import FOREIGN
from lpr_training.synth.scenes import weather
from lpr_training.synth.scenes.crops import render_crop
from lpr_training.synth.scenes.distractors import distract
from lpr_training.synth.scenes.paste import paste_plate
from tests.properties import examples

seeds = st.integers(0, 2**32 - 1)


@examples(60)
@given(seed=seeds, width=st.integers(80, 400), aspect=st.floats(1.2, 5))
def test_a_plate_from_abroad_has_the_size_that_was_asked_for(
    seed: int, width: int, aspect: float
) -> None:
    plate = render_foreign(np.random.default_rng(seed), width, aspect)
    height = plate.image.shape[0]
    assert plate.image.shape == (height, width, 3)
    assert plate.mask.shape == (height, width)
    assert width / height == pytest.approx(aspect, rel=0.25)
    assert len(plate.text) >= 4
    assert set(plate.text) <= set(CHARACTERS)
    assert plate.region in {*MARKETS, ""}
    assert (plate.style == STYLE) == (plate.region == "")


def test_they_differ_in_colour_and_proportions() -> None:
    plates = [render_foreign(np.random.default_rng(seed), 200) for seed in range(150)]
    aspects = [200 / plate.image.shape[0] for plate in plates]
    assert min(aspects) < 1.6
    assert max(aspects) > 4
    saturation = [float(np.ptp(np.median(plate.image, axis=(0, 1)))) for plate in plates]
    assert sum(value > 60 for value in saturation) > 20
    assert sum(value < 20 for value in saturation) > 40
    dark = sum(float(np.median(plate.image)) < 110 for plate in plates)
    assert 5 < dark < 75


def test_one_line_is_one_line() -> None:
    for seed in range(60):
        plate = render_foreign(np.random.default_rng(seed), 200, lines=1)
        assert plate.display.replace(" ", "").replace("-", "").replace(".", "") == plate.text


def test_a_crop_of_one_has_its_text_and_place() -> None:
    crop = render_crop(np.random.default_rng(3), origin=FOREIGN)
    assert len(crop.text) >= 4
    height, width = crop.image.shape[:2]
    assert all(0 < x < width and 0 < y < height for x, y in crop.quad)


def test_one_takes_the_proportions_of_the_place_that_it_is_pasted_to() -> None:
    street = np.full((200, 300, 3), 90, np.uint8)
    place = Box(60, 80, 220, 115)
    _, plate = paste_plate(np.random.default_rng(1), street, place.quad, origin=FOREIGN)
    assert plate.box.iou(place) > 0.99


@examples(60)
@given(seed=seeds, overlay=st.sampled_from([0.0, 1.0]))
@example(seed=4159, overlay=0.0)
def test_distractors_stay_clear_of_plates(seed: int, overlay: float) -> None:
    street = np.full((180, 240, 3), 99, np.uint8)
    plates = [Box(30, 40, 90, 70), Box(150, 100, 220, 140)]
    crowded = distract(np.random.default_rng(seed), street, plates, overlay)
    assert crowded.shape == street.shape
    for x0, y0, x1, y1 in plates:
        assert (crowded[int(y0) : int(y1), int(x0) : int(x1)] == 99).all()


def test_distractors_are_there() -> None:
    street = np.full((180, 240, 3), 99, np.uint8)
    changed = [
        (distract(np.random.default_rng(seed), street, []) != street).any() for seed in range(40)
    ]
    assert sum(changed) > 30
    assert (street == 99).all()


def test_an_edited_photograph_knows_where_its_plates_are() -> None:
    """On a plain wall every plate stands out: what changed lies on the boxes that are reported."""
    wall = np.full((240, 320, 3), 120, np.uint8)
    picture = Pyramid(wall, [Box(100, 80, 190, 122)], np.array([False]))
    odds = Edits(replace=1, add=0.6, distract=0, abroad=0.5)
    added = 0
    for seed in range(30):
        result = edited(np.random.default_rng(seed), picture, odds)
        assert result.unclear.shape == (len(result.boxes),)
        added += len(result.boxes) - 1
        outside = np.ones(wall.shape[:2], bool)
        for x0, y0, x1, y1 in result.boxes:
            outside[int(max(y0 - 6, 0)) : int(y1 + 7), int(max(x0 - 6, 0)) : int(x1 + 7)] = False
            inner = result.levels[0][int(y0) : int(y1), int(x0) : int(x1)]
            assert np.ptp(inner) > 15
        assert (result.levels[0][outside] == 120).all()
    assert added > 10


def test_unlabelled_plates_are_neither_replaced_nor_forgotten() -> None:
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    picture = Pyramid(image, [Box(100, 80, 190, 122)], np.array([True]))
    odds = Edits(replace=1, add=0, distract=0)
    result = edited(np.random.default_rng(1), picture, odds)
    assert np.array_equal(result.levels[0], image)
    assert result.unclear.tolist() == [True]


def plate_on_a_car() -> tuple[np.ndarray, np.ndarray]:
    scene = np.full((60, 120, 3), 80, np.float32)
    scene[20:40, 30:90] = (230, 230, 230)
    cover = np.zeros((60, 120), np.uint8)
    cover[20:40, 30:90] = 255
    return scene, cover


def test_infrared_light_has_no_colour_and_comes_back_from_the_plate() -> None:
    scene, cover = plate_on_a_car()
    scene[:, :, 2] *= 0.5
    for seed in range(20):
        lit = weather.infrared(np.random.default_rng(seed), scene, cover)
        assert np.ptp(lit, axis=2).max() == 0
        assert lit[cover > 0].mean() > 2 * lit[cover == 0].mean()


@pytest.mark.parametrize("seed", range(5))
def test_rain_and_video_coding_change_a_picture_a_little(seed: int) -> None:
    scene, _ = plate_on_a_car()
    before = scene.copy()
    wet = weather.rain(np.random.default_rng(seed), scene)
    assert np.array_equal(scene, before)
    assert 0 < np.abs(wet - scene).mean() < 40
    picture = scene.astype(np.uint8)
    filmed = weather.video_coding(np.random.default_rng(seed), picture)
    assert filmed.shape == picture.shape
    assert 0 < np.abs(filmed.astype(float) - picture).mean() < 25


def test_the_aspects_reach_from_square_to_long() -> None:
    assert ASPECTS.min() < 1.5
    assert ASPECTS.max() > 4.5
