from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.types import Box, Character, Crop, Detection, Plate, Reading
from lpr.utils.geometry import cut_out
from tests.samples import grey

lengths = st.floats(0, 1000, allow_nan=False)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), lengths, lengths, lengths, lengths)


@given(boxes, boxes)
def test_iou_is_symmetric_and_a_share(a: Box, b: Box) -> None:
    assert 0 <= a.iou(b) <= 1 + 1e-9
    assert a.iou(b) == pytest.approx(b.iou(a))


def test_iou_of_known_boxes() -> None:
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(0, 0, 10, 10)) == 1
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 20, 10)) == 0
    assert Box(1, 1, 1, 1).iou(Box(1, 1, 1, 1)) == 0


@given(boxes, lengths, lengths)
def test_a_moved_box_keeps_its_size(box: Box, x: float, y: float) -> None:
    moved = box.moved(x, -y)
    assert (moved.width, moved.height) == pytest.approx((box.width, box.height))
    assert moved.moved(-x, y) == pytest.approx(box)


@given(boxes)
def test_a_margin_is_added_on_every_side(box: Box) -> None:
    grown = box.grown(0.5)
    assert (grown.width, grown.height) == pytest.approx((2 * box.width, 2 * box.height))
    assert grown.center == pytest.approx(box.center)


@given(boxes, boxes)
def test_an_intersection_lies_in_both_boxes(a: Box, b: Box) -> None:
    common = a.intersection(b)
    assert common.area == b.intersection(a).area
    assert common.width >= 0 <= common.height
    if common.area:
        assert all(each.contains(corner) for each in (a, b) for corner in common.quad)
        assert common == b.intersection(a)


@given(boxes, lengths, lengths)
def test_a_clipped_box_is_in_its_picture(box: Box, width: float, height: float) -> None:
    box = box.moved(-500, -500)
    clipped, picture = box.clipped(width, height), Box(0, 0, width, height)
    assert all(map(picture.contains, clipped.quad))
    assert clipped.area == box.intersection(picture).area
    assert clipped.clipped(width, height) == clipped


def test_a_moved_detection_takes_its_corners_along() -> None:
    box = Box(1, 2, 4, 8)
    moved = Detection(box, box.quad, 0.5).moved(10, 20)
    assert moved == Detection(Box(11, 22, 14, 28), Box(11, 22, 14, 28).quad, 0.5)


def test_a_cut_out_holds_every_pixel_that_the_box_touches() -> None:
    image = np.arange(600).reshape(20, 30)
    assert cut_out(image, Box(2, 3, 5, 7)).tolist() == image[3:7, 2:5].tolist()
    assert cut_out(image, Box(2.9, 3.9, 4.1, 6.1)).tolist() == image[3:7, 2:5].tolist()
    assert cut_out(image, Box(-9, -9, 99, 99)).tolist() == image.tolist()
    assert cut_out(image, Box(40, 3, 50, 7)).size == 0


def test_a_whole_crop_covers_every_pixel() -> None:
    assert Crop.whole(grey(20, 30)).quad == ((0, 0), (30, 0), (30, 20), (0, 20))


def test_a_record_is_rounded_so_that_it_is_stable_and_readable() -> None:
    box = Box(1.2345, 2, 3.99999, 4)
    plate = Plate(Detection(box, box.quad, 0.987654321), Reading("AB1", 1 / 3), "AB-1", "tw")
    record = plate.as_dict()
    assert record["box"] == [1.2, 2, 4.0, 4]
    assert record["confidence"] == 0.3333
    assert record["detection_confidence"] == 0.9877
    assert record["quad"][2] == [4.0, 4]


def test_certainties_are_one_for_each_letter() -> None:
    read = Reading("AB", 0.6, (Character("A", 0.5), Character("B", 0.7)))
    assert read.certainties == [0.5, 0.7]
    assert Reading("AB", 0.6).certainties == [0.6, 0.6]
    assert Reading("", 0.6).certainties == []
