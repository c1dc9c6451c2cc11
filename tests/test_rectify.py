from __future__ import annotations

import numpy as np
import pytest

from lpr.recognition.rectify import natural_size, rectify, upright
from lpr.types import Box, Crop, Detection
from tests.samples import grey


def test_an_axis_aligned_box_is_cut_out_exactly() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    box = Box(10, 5, 50, 25)
    crop = rectify(image, Detection(box, box.quad, 0.9))
    assert np.array_equal(upright(crop), image[5:25, 10:50])


def test_a_turned_plate_comes_out_upright() -> None:
    image = grey(40, 60, 0)
    image[10:30, 10:20] = (255, 0, 0)  # what will be the top half, once turned
    image[10:30, 20:30] = (0, 0, 255)
    quad = ((10.0, 30.0), (10.0, 10.0), (30.0, 10.0), (30.0, 30.0))
    plate = upright(Crop(image, quad), 20, 20)
    assert plate[:9].reshape(-1, 3).mean(axis=0).tolist() == pytest.approx([255, 0, 0])
    assert plate[11:].reshape(-1, 3).mean(axis=0).tolist() == pytest.approx([0, 0, 255])


def test_a_quad_of_no_size_still_gives_a_picture() -> None:
    point = Box(3, 3, 3, 3).quad
    assert natural_size(point) == (1, 1)
    assert upright(Crop(grey(8, 8), point), 4, 2).shape == (2, 4, 3)
