from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.errors import SourceError
from lpr.evaluate import edit_distance, evaluate, match, read_predictions, score_predictions
from lpr.evaluate.stress import SCALES, stressed
from lpr.labels import (
    LabelledPicture,
    LabelledPlate,
    LabelRow,
    normalise,
    read_labels,
    write_labels,
)
from lpr.reader import Reader
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
    assert [m.kind for m in figures.mistakes()] == ["misread"]


def test_a_missed_plate_costs_all_its_characters(tmp_path: Path) -> None:
    missed = LabelledPlate(Box(40, 20, 60, 30), "AB12")
    result = report(tmp_path, missed)
    assert result.figures()["found"] == 0
    assert result.figures()["character_error_rate"] == 1
    assert result.figures()["exact_on_labelled_boxes"] == 0
    assert result.figures()["false_readings_per_picture"] == 2
    assert [m.kind for m in result.mistakes()] == ["missed", "false reading", "false reading"]


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


def test_small_plates_are_counted_apart(tmp_path: Path) -> None:
    small, wide = LabelledPlate(Box(0, 0, 15, 8), None), LabelledPlate(FIRST, None)
    figures = report(tmp_path, small, wide).figures()
    assert (figures["plates"], figures["plates_wide"]) == (2, 1)
    assert (figures["found"], figures["found_wide"]) == (0.5, 1)


def test_every_stage_is_timed(tmp_path: Path) -> None:
    figures = report(tmp_path, LabelledPlate(FIRST, None)).figures()
    assert set(figures["ms_of_stages"]) == {"letterbox", "detector", "heads"}
    assert sum(figures["ms_of_stages"].values()) <= figures["ms_per_picture_median"] + 0.02


def record(name: str, *plates: dict[str, object], **more: object) -> str:
    return json.dumps({"source": f"cam/{name}", "plates": plates, **more})


def labelled(name: str = "a.jpg") -> LabelledPicture:
    return LabelledPicture(Path("set") / name, (LabelledPlate(FIRST, "ABC1234"),))


def predictions(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "theirs.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_another_systems_records_are_scored_as_ours(tmp_path: Path) -> None:
    lines = [
        record("a.jpg", {"text": "abc-1234", "box": FIRST}, {"text": "X", "box": SECOND}, ms=120),
        json.dumps({"type": "error", "source": "b.jpg", "message": "broken"}),
        "",
        record("b.jpg"),
    ]
    theirs = read_predictions(predictions(tmp_path, *lines))
    figures = score_predictions(theirs, [labelled("a.jpg"), labelled("b.jpg")]).figures()
    assert (figures["found"], figures["exact"], figures["false_readings"]) == (0.5, 0.5, 1)
    assert figures["ms_per_picture_median"] == 120
    assert figures["exact_on_labelled_boxes"] is figures["found_wide"] is None


def test_the_reader_and_its_own_records_score_alike(tmp_path: Path) -> None:
    plates = (LabelledPlate(FIRST, "ABC1234"), LabelledPlate(SECOND, "XYZ"))
    ours = report(tmp_path, *plates)
    outputs = [plate.as_dict() for plate in ours.outcomes[0].outputs]
    theirs = read_predictions(predictions(tmp_path, record("a.png", *outputs)))
    again = score_predictions(theirs, [LabelledPicture(tmp_path / "a.png", plates)])
    for name in ("found", "exact", "character_error_rate", "false_readings"):
        assert again.figures()[name] == ours.figures()[name]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["nonsense"], "line 1: no record"),
        ([record("a.jpg"), '{"source": "b.jpg"}'], "line 2: no record.*plates"),
        (["[]"], "line 1: no record"),
        ([record("a.jpg", {"text": "A"})], "box"),
        ([record("a.jpg", {"text": "A", "box": [1, 2, 3]})], "line 1"),
        ([record("a.jpg", {"text": "A", "box": [5, 2, 3, 4]})], "is not a box"),
        ([record("a.jpg", {"text": 3, "box": [1, 2, 3, 4]})], "line 1"),
        ([record("a.jpg"), record("a.jpg")], "line 2: a second record of a.jpg"),
        ([record("a.jpg"), record("b.jpg")[:-9]], "line 2: no record.*cut short"),
        (['{"source": "a.jpg", "plates": ' + "[" * 200_000], "line 1: no record"),
        ([record("a.jpg", {"text": "A", "box": [1, 2, 3, 10**400]})], "line 1: no record"),
        ([], "holds no record"),
    ],
)
def test_malformed_predictions_are_named(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(SourceError, match=rf"theirs\.jsonl.*{message}"):
        read_predictions(predictions(tmp_path, *lines))


def test_a_picture_without_a_prediction_is_an_error(tmp_path: Path) -> None:
    theirs = read_predictions(predictions(tmp_path, record("a.jpg")))
    with pytest.raises(SourceError, match=r"no record of b\.jpg"):
        score_predictions(theirs, [labelled("a.jpg"), labelled("b.jpg")])
    with pytest.raises(SourceError, match=r"gone\.jsonl"):
        read_predictions(tmp_path / "gone.jsonl")


def test_stress_depends_on_the_name_alone_and_moves_the_boxes_along() -> None:
    image = np.full((100, 160, 3), 60, np.uint8)
    image[40:60, 50:110] = 220
    plate = LabelledPlate(Box(50, 40, 110, 60), "A")
    scales, kept = set(), 0
    for number in range(40):
        picture = LabelledPicture(Path(f"{number}.jpg"), (plate,))
        changed, moved = stressed(image, picture)
        again, _ = stressed(image, picture)
        assert np.array_equal(changed, again)
        x0, y0, x1, y1 = moved.plates[0].box
        scale = changed.shape[1] / 160
        assert SCALES[0] * 0.98 < scale < SCALES[1] * 1.02
        assert (x1 - x0) / 60 == pytest.approx(scale, rel=0.02)
        scales.add(round(scale, 1))
        inner = changed[int(y0) + 3 : int(y1) - 3, int(x0) + 3 : int(x1) - 3]
        kept += inner.mean() > changed[:20].mean() + 20
    assert len(scales) > 5
    assert kept == 40


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


def test_written_labels_are_read_again(tmp_path: Path) -> None:
    rows = [
        LabelRow("a.jpg", Box(1, 2, 3.5, 4), "ABC123", "val"),
        LabelRow("a.jpg", Box(5, 6, 7, 8), None, "val"),
        LabelRow("b.jpg", split="val"),
    ]
    write_labels(tmp_path / "labels.csv", rows)
    a, b = read_labels(tmp_path, "val")
    assert [plate.text for plate in a.plates] == ["ABC123", None]
    assert a.plates[0].box == Box(1, 2, 3.5, 4)
    assert b.plates == ()


def test_a_table_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    table = labels(tmp_path, HEADER) / "labels.csv"

    def broken() -> Iterator[LabelRow]:
        yield LabelRow("a.jpg")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labels(table, broken())
    assert table.read_text() == HEADER
    assert list(tmp_path.iterdir()) == [table]
