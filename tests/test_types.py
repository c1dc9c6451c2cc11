from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.types import Box, Character, Crop, Detection, Plate, Reading
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
