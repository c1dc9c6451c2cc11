"""Labels as programs export them, and labels that fit their pictures only if one looks closely."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lpr.cli import cli
from lpr.errors import LprError, SourceError
from lpr.evaluate.outcome import Outcome
from lpr.labels import read_labels
from lpr.source.orientation import orientation_in, stored_form, upright_box, upright_size
from lpr.types import Box, Detection, Plate, Reading
from lpr_training.audit.decisions import Decision, Decisions
from lpr_training.audit.table import Correction, Table
from lpr_training.datasets.sets import LabelledSet
from lpr_training.labelling.formats import own_splits, read_any
from lpr_training.labelling.settle import Settling
from tests.properties import examples
from training.tests.labels import picture, voc


def data(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["data", *map(str, arguments)])


def turned_picture(path: Path, orientation: int) -> Path:
    """A black picture of 60 x 40 stored pixels, white in the box (8, 5, 30, 12) of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[5:12, 8:30] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    return path


def white(path: Path) -> Box:
    ys, xs = np.nonzero(cv2.imread(str(path))[..., 0] > 127)
    return Box(float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))


# ---------------------------------------------------------------------------- sizes, EXIF


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_turned_as_opencv_turns_pictures(tmp_path: Path, orientation: int) -> None:
    file = turned_picture(tmp_path / "a.png", orientation)
    width, height, found = stored_form(str(file))
    assert (width, height, found) == (60, 40, orientation)
    assert upright_box(Box(8, 5, 30, 12), 60, 40, orientation) == white(file)
    assert cv2.imread(str(file)).shape[1::-1] == upright_size(60, 40, orientation)


@given(st.binary(max_size=64), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_any_exif_data_has_an_orientation(data: bytes, head: bytes) -> None:
    assert orientation_in(head + data) in range(1, 9)


def test_the_stated_size_tells_where_boxes_lie(tmp_path: Path) -> None:
    turned_picture(tmp_path / "a.png", 6)
    for size, box in (((60, 40), (8, 5, 30, 12)), ((40, 60), (28, 8, 35, 30))):
        voc(tmp_path / "a.xml", box, size=size)
        (image,) = read_any(tmp_path)
        assert image.boxes[0].box == Box(28, 8, 35, 30)
        assert image.size == (40, 60)


def test_where_no_size_tells_it_must_be_said(tmp_path: Path) -> None:
    turned_picture(tmp_path / "a.png", 3)
    voc(tmp_path / "a.xml", (8, 5, 30, 12), size=(60, 40))
    with pytest.raises(SourceError, match=r"a\.xml.*--exif stored"):
        read_any(tmp_path)
    (image,) = read_any(tmp_path, how=Settling("stored"))
    assert image.boxes[0].box == Box(30, 28, 52, 35)
    (image,) = read_any(tmp_path, how=Settling("upright"))
    assert image.boxes[0].box == Box(8, 5, 30, 12)


def test_fractions_of_a_turned_picture(tmp_path: Path) -> None:
    turned_picture(tmp_path / "a.png", 6)
    (tmp_path / "a.txt").write_text("0 0.5 0.25 0.5 0.1\n")
    (image,) = read_any(tmp_path, how=Settling("upright"))
    assert image.boxes[0].box == pytest.approx(Box(10, 12, 30, 18))


def test_a_size_that_is_not_the_pictures_is_an_error_for_each_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.jpg", 200, 100)
        voc(tmp_path / f"{name}.xml", (40, 20, 80, 40), size=(400, 200))
    with pytest.raises(SourceError) as error:
        read_any(tmp_path)
    for words in ("a.xml: states the size 400 x 200", "b.xml: states", "--stated-size scale"):
        assert words in str(error.value)
    scaled, _ = read_any(tmp_path, how=Settling(stated_size="scale"))
    assert scaled.boxes[0].box == Box(20, 10, 40, 20)
    kept, _ = read_any(tmp_path, how=Settling(stated_size="ignore"))
    assert kept.boxes[0].box == Box(40, 20, 80, 40)
    assert kept.size == (200, 100)


def test_a_swapped_size_is_called_so(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", 200, 100)
    voc(tmp_path / "a.xml", (40, 20, 80, 40), size=(100, 200))
    with pytest.raises(SourceError, match="swapped"):
        read_any(tmp_path)


# ---------------------------------------------------------------------------- names


@pytest.mark.parametrize("names", [("vehicle1", "vehicle2"), ("VEHICLE1", "VEHICLE2"), ("LP01",)])
def test_classes_with_a_number_are_no_texts(tmp_path: Path, names: tuple[str, ...]) -> None:
    for number, name in enumerate(names):
        picture(tmp_path / f"{number}.jpg")
        boxes = (20, 30, 80, 50), (1, 1, 190, 90)
        voc(tmp_path / f"{number}.xml", *boxes, names=["plate", name])
    assert not any(box.text for image in read_any(tmp_path) for box in image.boxes)
    result = data("crops", tmp_path, "--out", tmp_path / "out")
    assert "--class" in str(result.exception)
    assert data("crops", tmp_path, "--out", tmp_path / "out", "--class", "plate").exit_code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "labels.csv").open()))
    assert [row["text"] for row in rows] == [""] * len(names)


def test_a_name_around_a_plate_is_a_class(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", (20, 30, 80, 50), (1, 1, 190, 90), names=["plate", "XC90"])
    assert [box.text for box in read_any(tmp_path)[0].boxes] == [None, None]


def test_names_can_be_said_to_be_texts(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", (20, 30, 80, 50), names=["abc-1234"])
    assert read_any(tmp_path)[0].boxes[0].text is None
    assert read_any(tmp_path, names="texts")[0].boxes[0].text == "ABC1234"
    voc(tmp_path / "a.xml", (20, 30, 80, 50), names=["ABC-1234"])
    assert read_any(tmp_path)[0].boxes[0].text == "ABC1234"
    assert read_any(tmp_path, names="classes")[0].boxes[0].text is None


# ---------------------------------------------------------------------------- exports

DATA_YAML = "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['plate']\n"


@pytest.mark.parametrize("names", ["['plate']", "\n  - plate", "\n  0: plate"])
def test_a_roboflow_yolo_export(tmp_path: Path, names: str) -> None:
    (tmp_path / "README.dataset.txt").write_text("# plates\nhttps://example.org\n")
    (tmp_path / "data.yaml").write_text(DATA_YAML.replace("['plate']", names))
    for part in ("train", "valid", "test"):
        for number in range(2):
            name = f"{part}{number}"
            picture(tmp_path / part / "images" / f"{name}.jpg")
            labels = tmp_path / part / "labels" / f"{name}.txt"
            labels.parent.mkdir(exist_ok=True)
            labels.write_text("0 0.25 0.4 0.3 0.2\n0 0.1 0.3 0.4 0.3 0.4 0.5 0.1 0.5\n")
    images = read_any(tmp_path)
    assert len(images) == 6
    for image in images:
        assert {box.name for box in image.boxes} == {"plate"}
        for box in image.boxes:
            assert box.box == pytest.approx(Box(20, 30, 80, 50))
    assert len(read_any(tmp_path, "dev")) == 2
    assert set(own_splits(tmp_path, images).values()) == {"train", "dev", "val"}
    assert data("table", tmp_path, "--out", tmp_path / "made.csv").exit_code == 0
    rows = list(csv.DictReader((tmp_path / "made.csv").open()))
    expected = {"train": "train", "valid": "dev", "test": "val"}
    assert all(row["split"] == expected[row["file"].split("/")[0]] for row in rows)


def coco(*names: str) -> dict[str, object]:
    return {
        "images": [
            {"id": n, "file_name": name, "width": 200, "height": 100}
            for n, name in enumerate(names)
        ],
        "categories": [{"id": 0, "name": "plates"}, {"id": 3, "name": "plate"}],
        "annotations": [
            {"image_id": n, "category_id": 3, "bbox": [20, 30, 60, 20]} for n in range(len(names))
        ],
    }


def test_a_roboflow_coco_export(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        picture(tmp_path / part / "a.jpg")
        (tmp_path / part / "_annotations.coco.json").write_text(json.dumps(coco("a.jpg")))
    images = read_any(tmp_path)
    assert [image.path for image in images] == [
        tmp_path / "train" / "a.jpg",
        tmp_path / "valid" / "a.jpg",
    ]
    # Without a test part, what is held out is reported on.
    assert sorted(own_splits(tmp_path, images).values()) == ["train", "val"]


@pytest.mark.parametrize(
    "name", ["images\\a b.jpg", "images/a b.jpg", "/data/upload/3/a%20b.jpg", "..\\x\\a b.jpg"]
)
def test_paths_of_label_studio(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "images" / "a b.jpg")
    (tmp_path / "result.json").write_text(json.dumps(coco(name)))
    assert read_any(tmp_path)[0].path == tmp_path / "images" / "a b.jpg"


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(coco("images\\lost.jpg", "b.jpg")))
    result = data("table", tmp_path, "--out", tmp_path / "made.csv")
    assert isinstance(result.exception, LprError)
    assert "images\\lost.jpg, which is not there" in str(result.exception)


def test_a_cvat_yolo_export(tmp_path: Path) -> None:
    (tmp_path / "obj.names").write_text("plate\n")
    (tmp_path / "train.txt").write_text("data/obj_train_data/a.jpg\n")
    picture(tmp_path / "obj_train_data" / "a.jpg")
    (tmp_path / "obj_train_data" / "a.txt").write_text("0 0.25 0.4 0.3 0.2\n")
    (image,) = read_any(tmp_path)
    assert image.boxes[0].name == "plate"


def test_rounding_is_no_fault_and_more_is_clipped_on_demand(tmp_path: Path) -> None:
    for name, line in (("a", "0 0.5 0.5 1.000001 0.5"), ("b", "0 1.000001 0.5 0.2 0.5")):
        picture(tmp_path / f"{name}.jpg")
        (tmp_path / f"{name}.txt").write_text(line + "\n")
    out = tmp_path / "made.csv"
    assert "give --clip" in str(data("table", tmp_path, "--out", out, "--val", 0).exception)
    assert data("table", tmp_path, "--out", out, "--clip", "--val", 0).exit_code == 0
    rows = list(csv.DictReader(out.open()))
    assert [(row["xmin"], row["xmax"]) for row in rows] == [("0", "200"), ("180.0002", "200")]


def test_a_polygon_counts_as_its_box(tmp_path: Path) -> None:
    picture(tmp_path / "coco" / "a.jpg")
    made = coco("a.jpg")
    polygon = {"image_id": 0, "category_id": 3, "segmentation": [[20, 30, 80, 32, 78, 50]]}
    (tmp_path / "coco" / "a.json").write_text(json.dumps({**made, "annotations": [polygon]}))
    picture(tmp_path / "voc" / "a.jpg")
    voc(tmp_path / "voc" / "a.xml")
    points = "<x1>20</x1><y1>30</y1><x2>80</x2><y2>32</y2><x3>78</x3><y3>50</y3>"
    added = f"<object><name>plate</name><polygon>{points}</polygon></object></annotation>"
    text = (tmp_path / "voc" / "a.xml").read_text().replace("</annotation>", added)
    (tmp_path / "voc" / "a.xml").write_text(text)
    for name in ("coco", "voc"):
        assert read_any(tmp_path / name)[0].boxes[0].box == Box(20, 30, 80, 50)


# ---------------------------------------------------------------------------- difficult


def test_difficult_plates_count_neither_way(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.jpg")
        voc(tmp_path / f"{name}.xml", (20, 30, 80, 50), difficult=[0] if name == "a" else [])
    out = tmp_path / "made.csv"
    assert data("table", tmp_path, "--out", out, "--val", 0).exit_code == 0
    first, second = read_labels(out)
    assert (first.plates, first.difficult) == ((), (Box(20, 30, 80, 50),))
    assert (len(second.plates), second.difficult) == (1, ())
    assert LabelledSet(str(out)).unlabelled_boxes() == {"a.jpg": [Box(20, 30, 80, 50)]}
    box = Box(22, 30, 80, 50)
    found = Plate(Detection(box, box.quad, 0.9), Reading("ABC1234", 0.9))
    outcome = Outcome.of(first, [found])
    assert not outcome.false_readings
    assert not outcome.counts(0)
    assert Outcome.of(second, [found]).counts(0)
    assert not read_any(out)[0].boxes[0].text
    assert read_any(out)[0].boxes[0].difficult


def test_a_picture_with_difficult_plates_only_is_no_negative_for_darknet(tmp_path: Path) -> None:
    voc(tmp_path / "in" / "a.xml", (20, 30, 80, 50), difficult=[0])
    voc(tmp_path / "in" / "b.xml", (20, 30, 80, 50))
    result = data("voc-to-yolo", tmp_path / "in", "--out", tmp_path / "out")
    assert "no labels for 1 pictures" in result.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["b.txt", "classes.txt"]


# ---------------------------------------------------------------------------- hostile


DEEP = "[" * 200_000
LONG = "9" * 5000


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.json", '{"images": [], "annotations": [], "x": ' + DEEP, "nested too deeply"),
        ("a.json", json.dumps(coco("a.jpg")).replace("200", LONG, 1), r"images\[0\] \(id 0\)"),
        ("a.json", json.dumps(coco("a.jpg")).replace("200", "1e999", 1), "the width inf"),
        ("a.json", json.dumps(coco("a.jpg")).replace("[20", f"[{LONG}"), r"annotations\[0\]"),
        ("a.json", json.dumps(coco("a.jpg"))[:-40], "cannot be read as JSON"),
        ("a.xml", "<annotation><size><width>1e999</width><height>1</height></size></annotation>",
         r"a\.xml.*the width inf"),
        ("a.xml", "<a>" * 100_000, r"a\.xml"),
        ("a.txt", "0 1e999 0.5 0.1 0.1\n", r"a\.txt:1: .*no fractions"),
        ("a.txt", f"0 {LONG} 0.5 0.1 0.1\n", r"a\.txt:1: .*no fractions"),
        ("a.txt", f"{LONG} 0.5 0.5 0.1 0.1\n", r"a\.txt:1: no YOLO label"),
        ("data.yaml", "names: " + "[" * 5000, r"data\.yaml: cannot be read as YAML"),
        ("labels.csv", "file,xmin,ymin,xmax,ymax,text\na.jpg,1,2,1e999,4,\n", "line 2: .*finite"),
        ("labels.csv", f"file,xmin,ymin,xmax,ymax,text\na.jpg,1,2,{LONG},4,\n", "line 2: .*finite"),
        ("labels.csv", "file,xmin,ymin,xmax,ymax,text\na.jpg,1,2,x,4,\n", "line 2: .*numbers"),
        ("labels.csv", "file,xmin,ymin,xmax,ymax,text\na.jpg,1,2\n", "line 2 has too few"),
    ],
)  # fmt: skip
def test_hostile_labels_are_one_error(tmp_path: Path, file: str, content: str, words: str) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n") if file == "data.yaml" else None
    (tmp_path / file).write_text(content)
    with pytest.raises(SourceError, match=words):
        read_any(tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "bbox", "image_id", "category_id", "file_name", "width"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
NUMBERS = st.one_of(
    st.sampled_from(["nan", "1e999", "-1", "0.5", "1.000001", "", "x", LONG]), st.text(max_size=4)
)


def taken_or_refused(folder: Path) -> None:
    """Any labels are boxes that make sense, or a :class:`SourceError`."""
    try:
        images = read_any(folder)
    except SourceError:
        return
    for image in images:
        for each in image.boxes:
            assert np.isfinite(each.box).all()
            assert each.box.x0 <= each.box.x1
            assert each.box.y0 <= each.box.y1


@given(images=VALUES, annotations=VALUES, categories=VALUES)
@examples(200)
def test_any_coco_is_taken_or_refused(
    images: object,
    annotations: object,
    categories: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("set")
    parts = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "a.json").write_text(json.dumps(parts))
    taken_or_refused(folder)


@given(lines=st.lists(st.lists(NUMBERS, max_size=9), max_size=3))
@examples(100)
def test_any_yolo_is_taken_or_refused(
    lines: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("set")
    picture(folder / "a.jpg", 20, 10)
    text = "\n".join(" ".join(["0", *line]) for line in lines)
    (folder / "a.txt").write_text(text, encoding="utf-8", errors="replace")
    taken_or_refused(folder)


@given(values=st.lists(NUMBERS, min_size=6, max_size=6), cut=st.integers(0, 400))
@examples(100)
def test_any_voc_is_taken_or_refused(
    values: list[str], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("set")
    x0, y0, x1, y1, width, height = values
    text = (
        f"<annotation><size><width>{width}</width><height>{height}</height></size><object>"
        f"<name>{x0}</name><difficult>{x0}</difficult><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
        f"<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object></annotation>"
    )
    (folder / "a.xml").write_text(text if cut < 100 else text[:cut], errors="replace")
    taken_or_refused(folder)


@given(rows=st.lists(st.lists(NUMBERS, max_size=8), max_size=3))
@examples(100)
def test_any_table_is_taken_or_refused(
    rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("set")
    with (folder / "labels.csv").open("w", newline="", errors="replace") as stream:
        header = ["file", "xmin", "ymin", "xmax", "ymax", "text", "difficult"]
        csv.writer(stream).writerows([header, *rows])
    taken_or_refused(folder)


# ---------------------------------------------------------------------------- the audit's table


def test_the_corrected_table_is_rebuilt_from_the_log(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,xmin,ymin,xmax,ymax,text\na.jpg,1,2,3,4,AB-12\n")
    decisions = Decisions(Table.read(tmp_path))
    assert not decisions.rebuild()
    (label,) = decisions.table.labels()
    decisions.add(Decision(label, "typed", Correction(label.corners, "AB-17")))
    corrected = tmp_path / "labels.corrected.csv"
    right = corrected.read_bytes()
    assert b"AB-17" in right
    for stale in (b"", None):  # as a kill between the two files leaves it
        corrected.unlink()
        if stale is not None:
            corrected.write_bytes(stale)
        assert Decisions(Table.read(tmp_path)).rebuild()
        assert corrected.read_bytes() == right
    assert not Decisions(Table.read(tmp_path)).rebuild()
