from __future__ import annotations

import numpy as np
import pytest

from lpr.types import Box
from lpr_training.augmentation.mosaic import Layout, compose
from lpr_training.augmentation.photometric import Photometry, photometric
from lpr_training.datasets.pyramid import Pyramid

ALWAYS = Photometry(1, 1, 1, 1, 1, 1, 1, 1)
NEVER = Photometry(0, 0, 0, 0, 0, 0, 0, 0)
STRAIGHT = Layout(turn=0, lean=0, mirror=0)


def pictures(count: int) -> list[Pyramid]:
    """Dark pictures, each with two white plates."""
    made = []
    for _ in range(count):
        image = np.full((240, 320, 3), 30, np.uint8)
        boxes = [Box(40, 60, 100, 90), Box(200, 150, 290, 195)]
        for box in boxes:
            image[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = 255
        made.append(Pyramid(image, boxes))
    return made


@pytest.mark.parametrize("shape", [(64, 128, 3), (17, 13, 3)])
def test_light_and_noise_keep_the_shape_and_depend_on_the_seed(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    before = image.copy()
    for seed in range(20):
        first, second = (photometric(image, np.random.default_rng(seed), ALWAYS) for _ in "ab")
        assert first.dtype == np.uint8
        assert first.shape == shape
        assert np.array_equal(first, second)
    assert np.array_equal(image, before)


def test_without_odds_a_picture_stays_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert np.array_equal(photometric(image, np.random.default_rng(1), NEVER), image)


@pytest.mark.parametrize("count", [1, 4])
def test_boxes_lie_on_their_plates(count: int) -> None:
    for seed in range(25):
        canvas, boxes, _ = compose(
            pictures(count), (288, 256), np.random.default_rng(seed), STRAIGHT
        )
        assert canvas.shape == (256, 288, 3)
        for x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= 288
            assert 0 <= y0 < y1 <= 256
            inner = canvas[int(y0) + 2 : int(y1) - 1, int(x0) + 2 : int(x1) - 1]
            assert inner.size == 0 or inner.min() > 180


def test_tiny_and_cut_plates_are_to_be_ignored() -> None:
    layout = Layout(turn=0, lean=0, mirror=0, smallest=30, visible=0.99)
    kinds = set()
    for seed in range(60):
        _, boxes, unclear = compose(pictures(4), (256, 256), np.random.default_rng(seed), layout)
        kinds.update(unclear.tolist())
        small = boxes[:, 2] - boxes[:, 0] < 30
        assert unclear[small].all()
    assert kinds == {True, False}


def test_plates_of_all_sizes_appear() -> None:
    widths = []
    for seed in range(200):
        count = 1 if seed % 2 else 4
        rng = np.random.default_rng(seed)
        _, boxes, unclear = compose(pictures(count), (384, 384), rng, Layout())
        widths += (boxes[~unclear, 2] - boxes[~unclear, 0]).tolist()
    assert min(widths) < 35
    assert max(widths) > 150


def test_plates_are_cut_only_where_that_is_wanted() -> None:
    whole, cut = Layout(turn=0, lean=0, mirror=0, cut=0), Layout(turn=0, lean=0, mirror=0, cut=1)
    single = [Pyramid(pictures(1)[0].levels[0], [Box(40, 60, 100, 90)])]

    def shares(layout: Layout) -> list[float]:
        """How far from 2:1 the plate's box is on each canvas."""
        found = []
        for seed in range(80):
            _, boxes, _ = compose(single, (192, 192), np.random.default_rng(seed), layout)
            found += [float((b[2] - b[0]) / (b[3] - b[1])) for b in boxes]
        return found

    assert max(np.abs(np.log(np.array(shares(cut)) / 2))) > 1.0
    assert max(np.abs(np.log(np.array(shares(whole)) / 2))) < 1.0


def test_plates_that_nobody_labelled_are_to_be_ignored() -> None:
    image = pictures(1)[0].levels[0]
    picture = Pyramid(image, [Box(40, 60, 100, 90)], np.array([True]))
    for seed in range(20):
        _, _, unclear = compose([picture], (256, 256), np.random.default_rng(seed), STRAIGHT)
        assert unclear.all()
