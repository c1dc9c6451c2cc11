from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.detect import Detector, Head
from lpr.errors import SourceError
from lpr.evaluate import edit_distance, evaluate, match
from lpr.labels import LabelledPicture, LabelledPlate, normalise, read_labels
from lpr.pipeline import Reader
from lpr.types import Box
from tests.samples import DETECTOR_SPEC, FixedNetwork, FixedText, grey, head_with

texts = st.text("AB1", max_size=8)

# Two outputs in a 64 x 64 picture: (12, 2)..(36, 14) and (12, 50)..(36, 62).
OUTPUTS = head_with((0, 1, (0, 0, 0, 0, 9.0, 9.0)), (3, 1, (0, 0, 0, 0, 5.0, 9.0)))
FIRST, SECOND = Box(12, 2, 36, 14), Box(12, 50, 36, 62)


def report(tmp_path: Path, *plates: LabelledPlate):  # type: ignore[no-untyped-def]
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), grey(64, 64))
    network = FixedNetwork(OUTPUTS)
    detector = Detector(network, [Head(((24.0, 12.0),), 1)], DETECTOR_SPEC)
    return evaluate(Reader(detector, FixedText("ABC1234")), [LabelledPicture(path, plates)])


def test_all_right(tmp_path: Path) -> None:
    plates = (LabelledPlate(FIRST, "ABC1234"), LabelledPlate(SECOND, None))
    figures = report(tmp_path, *plates).figures()
    assert (figures["pictures"], figures["plates"], figures["texts"]) == (1, 2, 1)
    assert (figures["found"], figures["exact"], figures["exact_on_labelled_boxes"]) == (1, 1, 1)
    assert (figures["character_error_rate"], figures["false_readings_per_picture"]) == (0, 0)
    assert figures["ms_per_picture_median"] > 0


def test_a_misreading_costs_its_characters(tmp_path: Path) -> None:
    figures = report(tmp_path, LabelledPlate(FIRST, "ABC1284"), LabelledPlate(SECOND, None))
    assert figures.figures()["exact"] == 0
    assert figures.figures()["character_error_rate"] == round(1 / 7, 4)
    assert [m["kind"] for m in figures.mistakes()] == ["misread"]


def test_a_missed_plate_costs_all_its_characters(tmp_path: Path) -> None:
    missed = LabelledPlate(Box(40, 20, 60, 30), "AB12")
    result = report(tmp_path, missed)
    assert result.figures()["found"] == 0
    assert result.figures()["character_error_rate"] == 1
    assert result.figures()["exact_on_labelled_boxes"] == 0
    assert result.figures()["false_readings_per_picture"] == 2
    assert [m["kind"] for m in result.mistakes()] == ["missed", "false reading", "false reading"]


def test_a_poor_box_is_not_found_but_may_be_read(tmp_path: Path) -> None:
    poor = LabelledPlate(Box(12, 2, 36, 30), "ABC1234")  # IoU 12 / 28
    figures = report(tmp_path, poor).figures()
    assert (figures["found"], figures["exact"]) == (0, 1)
    assert figures["false_readings_per_picture"] == 1


def test_an_output_whose_centre_is_in_a_labelled_box_is_not_false(tmp_path: Path) -> None:
    figures = report(tmp_path, LabelledPlate(Box(0, 0, 64, 64), None)).figures()
    assert figures["false_readings_per_picture"] == 0
    assert figures["exact"] is None


def test_each_output_belongs_to_one_label_the_nearest() -> None:
    labelled = [Box(0, 0, 10, 10), Box(2, 0, 12, 10)]
    assert match(labelled, [Box(2, 0, 12, 10)]) == [None, 0]
    assert match(labelled, [Box(2, 0, 12, 10), Box(0, 0, 10, 9)]) == [1, 0]


@given(texts, texts, texts)
def test_edit_distance_is_a_metric(a: str, b: str, c: str) -> None:
    assert edit_distance(a, a) == 0
    assert edit_distance(a, b) == edit_distance(b, a)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def labels(tmp_path: Path, content: str) -> Path:
    (tmp_path / "labels.csv").write_text(content, encoding="utf-8")
    return tmp_path


HEADER = "file,split,xmin,ymin,xmax,ymax,text\n"


def test_labels_are_read_by_split(tmp_path: Path) -> None:
    rows = "a.jpg,val,1,2,3,4,abc-123\na.jpg,val,5,6,7,8,\nb.jpg,dev,1,1,2,2,X\nc.jpg,val,,,,,\n"
    a, c = read_labels(labels(tmp_path, HEADER + rows), "val")
    assert a.plates == (
        LabelledPlate(Box(1, 2, 3, 4), "ABC123"),
        LabelledPlate(Box(5, 6, 7, 8), None),
    )
    assert c.plates == ()
    assert len(read_labels(tmp_path)) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,text\na.jpg,X\n", "not a table of labels"),
        (HEADER + "a.jpg,val,1,2,x,4,\n", "not a table of labels"),
        (HEADER + "a.jpg,val,9,2,3,4,\n", "turned inside out"),
        (HEADER + "a.jpg,train,1,2,3,4,\n", "no picture in split 'val'; splits there: train"),
        ("", "no column file"),
        (HEADER + "a.jpg,val,1,2\n", "not a table of labels"),
        (HEADER, "no picture in split 'val'; splits there: none"),
    ],
)
def test_malformed_labels_are_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_labels(labels(tmp_path, content), "val")


def test_missing_labels_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"labels\.csv"):
        read_labels(tmp_path)


def test_normalised_texts_hold_capitals_and_digits_only() -> None:
    assert normalise("abc - 12·3４") == "ABC123"
