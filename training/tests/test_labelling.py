"""Labels in any format, and what is made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.darknet.cfg import parse
from lpr.errors import ModelError, SourceError
from lpr.types import Box
from lpr_training.labelling.anchors import format_anchors, input_sizes
from lpr_training.labelling.cfg_anchors import put_anchors
from lpr_training.labelling.crops import cut
from lpr_training.labelling.formats import read_any
from lpr_training.labelling.groups import connected, divide
from lpr_training.labelling.kmeans import average_iou, cluster, iou_distance
from lpr_training.labelling.texts import plate_text
from lpr_training.labelling.voc_to_yolo import convert, fractions, write
from tests.properties import examples
from training.tests.labels import picture, voc

# ---------------------------------------------------------------------------- reading


def test_every_format_says_the_same(tmp_path: Path) -> None:
    box = (20.0, 30.0, 80.0, 50.0)
    for name in ("voc", "yolo", "coco", "csv"):
        picture(tmp_path / name / "a.jpg")
    voc(tmp_path / "voc" / "a.xml", box)
    (tmp_path / "yolo" / "a.txt").write_text("0 0.25 0.4 0.3 0.2\n")
    (tmp_path / "yolo" / "classes.txt").write_text("plate\n")
    coco = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 200, "height": 100}],
        "categories": [{"id": 3, "name": "plate"}],
        "annotations": [{"image_id": 7, "category_id": 3, "bbox": [20, 30, 60, 20]}],
    }
    (tmp_path / "coco" / "instances.json").write_text(json.dumps(coco))
    (tmp_path / "csv" / "labels.csv").write_text(
        "file,xmin,ymin,xmax,ymax,text\na.jpg,20,30,80,50,ABC-1234\n"
    )
    for name in ("voc", "yolo", "coco", "csv"):
        (image,) = read_any(tmp_path / name)
        (labelled,) = image.boxes
        assert image.path == tmp_path / name / "a.jpg", name
        assert labelled.box == pytest.approx(box), name
        assert labelled.name == "plate"
        assert labelled.text == ("ABC1234" if name == "csv" else None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ABC-1234", "ABC1234"),
        ("plate", None),
        ("7", None),
        ("a_plate", None),
        ("8B-QQ", "8BQQ"),
    ],
)
def test_objects_may_be_named_after_their_text(name: str, text: str | None) -> None:
    assert plate_text(name) == text


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.xml", "<annotation>", "no Pascal VOC labels"),
        ("a.xml", "<svg/>", "it is a <svg>"),
        ("a.xml", "<annotation><object><name>p</name></object></annotation>", "without a <bndbox>"),
        ("a.txt", "0 0.5 0.5 0.1\n", r"a\.txt:1: no YOLO label"),
        ("a.txt", "0 50 50 10 10\n", "no fractions"),
        ("a.txt", "3 0.5 0.5 0.1 0.1\n", "there is no class 3"),
        ("a.json", '{"images": [], "annotations": [{"image_id": 1}]}', "no COCO labels"),
        ("labels.csv", "file,text\n", "no column"),
        ("nothing.md", "", "holds no labels"),
    ],
)
def test_malformed_labels_are_named(tmp_path: Path, file: str, content: str, words: str) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "classes.txt").write_text("plate\n")
    (tmp_path / file).write_text(content)
    with pytest.raises(SourceError, match=words):
        read_any(tmp_path)


def test_boxes_that_are_turned_inside_out_are_named(tmp_path: Path) -> None:
    voc(tmp_path / "a.xml", (50, 10, 20, 30))
    with pytest.raises(SourceError, match=r"a\.xml, <object> plate: the box \(50, 10, 20, 30\) is"):
        read_any(tmp_path)


# ---------------------------------------------------------------------------- voc-to-yolo


def test_boxes_become_fractions() -> None:
    expected = (305 + 49 / 2) / 500, (242 + 14 / 2) / 375, 49 / 500, 14 / 375
    assert fractions(Box(305, 242, 354, 256), (500, 375)) == pytest.approx(expected)


@given(
    width=st.integers(20, 4000),
    height=st.integers(20, 4000),
    corners=st.tuples(*(st.floats(0.01, 0.99) for _ in range(4))),
)
@examples(60)
def test_what_is_converted_can_be_read_back(
    width: int, height: int, corners: tuple[float, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    xs, ys = sorted(corners[:2]), sorted(corners[2:])
    box = Box(xs[0] * width, ys[0] * height, xs[1] * width + 1, ys[1] * height + 1)
    box = Box(*(round(value, 3) for value in box))
    folder = tmp_path_factory.mktemp("set")
    voc(folder / "a.xml", tuple(box), size=(width, height))
    write(convert(folder, clip=True), folder / "labels")
    _, x, y, w, h = map(float, (folder / "labels" / "a.txt").read_text().split())
    centre = x * width, y * height
    inside = Box(box.x0, box.y0, min(box.x1, width), min(box.y1, height))
    assert centre == pytest.approx(inside.center, abs=0.01)
    assert (w * width, h * height) == pytest.approx((inside.width, inside.height), abs=0.01)


def test_what_does_not_count_is_left_out(tmp_path: Path) -> None:
    boxes = [(10, 10, 60, 30), (70, 10, 90, 20), (5, 5, 5, 20), (1, 1, 9, 9)]
    voc(tmp_path / "a.xml", *boxes, names=["plate", "plate", "plate", "car"], difficult=[1])
    converted = convert(tmp_path, ["plate"])
    assert dict(converted.selection.left_out) == {
        "difficult": 1,
        "of zero area": 1,
        "of other classes": 1,
    }
    assert len(converted.files[Path("a.txt")].splitlines()) == 1
    both = convert(tmp_path)
    assert both.classes == ("car", "plate")
    assert {line.split()[0] for line in both.files[Path("a.txt")].splitlines()} == {"0", "1"}
    one = convert(tmp_path, one_class="thing")
    assert one.classes == ("thing",)
    assert {line.split()[0] for line in one.files[Path("a.txt")].splitlines()} == {"0"}


def test_a_size_that_is_not_stated_is_the_pictures(tmp_path: Path) -> None:
    voc(tmp_path / "labels" / "a.xml", (10, 10, 60, 30), size=None)
    with pytest.raises(SourceError, match=r"a\.xml: does not state the picture's size"):
        convert(tmp_path / "labels")
    picture(tmp_path / "images" / "a.png", 100, 50)
    line = convert(tmp_path / "labels").files[Path("a.txt")]
    assert float(line.split()[3]) == pytest.approx(0.5)


def test_a_box_that_reaches_out_of_its_picture(tmp_path: Path) -> None:
    voc(tmp_path / "a.xml", (150, 10, 250, 30))
    with pytest.raises(SourceError, match=r"a\.xml: the box \(150, 10, 250, 30\) of plate extends"):
        convert(tmp_path)
    clipped = convert(tmp_path, clip=True)
    assert clipped.selection.clipped == 1
    assert float(clipped.files[Path("a.txt")].split()[3]) == pytest.approx(0.25)


# ---------------------------------------------------------------------------- division


@given(
    texts=st.lists(st.sets(st.sampled_from("abcdefghijkl"), max_size=3), min_size=2, max_size=40),
    share=st.floats(0.05, 0.95),
    seed=st.integers(0, 99),
)
def test_no_text_is_on_both_sides(texts: list[set[str]], share: float, seed: int) -> None:
    groups = connected(texts)
    assert sorted(i for group in groups for i in group) == list(range(len(texts)))
    if len(groups) < 2:
        return
    first, second = divide(groups, share, seed)
    assert first
    assert second
    assert sorted(first + second) == list(range(len(texts)))
    here, there = ({t for i in side for t in texts[i]} for side in (first, second))
    assert not here & there


def test_a_chain_of_shared_texts_holds_together() -> None:
    assert connected([{"a"}, {"b"}, {"a", "b"}, set(), {"c"}]) == [[0, 1, 2], [3], [4]]


# ---------------------------------------------------------------------------- anchors


def test_two_heaps_of_boxes_give_their_medians() -> None:
    sizes = np.array([[10, 5], [10, 5], [12, 6], [100, 50], [104, 50], [90, 40]], float)
    found = cluster(sizes, 2, restarts=10)
    assert found.centres.tolist() == [[10, 5], [100, 50]]
    exact = 1 - iou_distance(sizes, found.centres).min(axis=0)
    assert exact.tolist() == pytest.approx([1, 1, 50 / 72, 1, 5000 / 5200, 3600 / 5000])
    assert found.average_iou == pytest.approx(exact.mean())


@pytest.mark.parametrize("seed", range(4))
def test_the_iou_is_better_served_than_by_euclid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths = np.exp(rng.normal(4, 0.6, 800))
    sizes = np.stack([widths, widths * np.exp(rng.normal(-0.9, 0.2, 800))], axis=1)
    by_iou, by_euclid = (cluster(sizes, 6, d, restarts=12) for d in ("iou", "euclidean"))
    assert by_iou.average_iou >= by_euclid.average_iou
    assert by_iou.average_iou == pytest.approx(average_iou(sizes, by_iou.centres))


@given(st.integers(1, 6), st.integers(0, 999))
@examples(30)
def test_any_boxes_give_as_many_anchors_as_asked_for(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 40, (30, 2)).astype(float)
    found = cluster(sizes, count, restarts=2, seed=seed)
    assert found.centres.shape == (count, 2)
    assert (found.centres > 0).all()
    areas = found.centres.prod(axis=1)
    assert (np.diff(areas) >= 0).all()
    assert 0 < found.average_iou <= 1


def test_fewer_sizes_than_anchors_are_refused() -> None:
    with pytest.raises(ValueError, match="only 1 different sizes"):
        cluster(np.array([[10.0, 5.0]] * 7), 2)


def test_boxes_are_seen_as_the_network_sees_them(tmp_path: Path) -> None:
    voc(tmp_path / "a.xml", (0, 0, 50, 25), (0, 0, 9, 9), difficult=[1])
    images = read_any(tmp_path)
    stretched, left_out = input_sizes(images, (320, 240), letterbox=False)
    assert stretched.tolist() == [[80, 60]]
    assert left_out == {"difficult": 1}
    kept, _ = input_sizes(images, (320, 240), letterbox=True)
    assert kept.tolist() == [[80, 40]]


CFG = """# mine
[net]
width=64
height=64
channels=3
[convolutional]
filters=12
size=1
activation=linear
[yolo]
mask = 0,1   # two
anchors = 1,1, 2,2  # old
classes=1
num=2
"""


def test_anchors_are_put_into_a_cfg_and_nothing_else_changes(tmp_path: Path) -> None:
    cfg = tmp_path / "my.cfg"
    cfg.write_text(CFG)
    put_anchors(cfg, format_anchors(np.array([[10.04, 5], [20, 8.5]])), 2)
    assert cfg.read_text() == CFG.replace("1,1, 2,2", "10,5, 20,8.5")
    assert parse(cfg.read_text()).heads[0].anchors == ((10.0, 5.0), (20.0, 8.5))


@pytest.mark.parametrize(
    ("count", "words"), [(1, "mask= asks for the anchor 1"), (3, "no mask= uses the anchor 2 of 3")]
)
def test_masks_that_do_not_fit_are_refused(tmp_path: Path, count: int, words: str) -> None:
    cfg = tmp_path / "my.cfg"
    cfg.write_text(CFG)
    with pytest.raises(ModelError, match=re.escape(words)):
        put_anchors(cfg, "1,2", count)
    assert cfg.read_text() == CFG


# ---------------------------------------------------------------------------- crops


@given(
    box=st.tuples(*(st.floats(-50, 250) for _ in range(4))),
    margin=st.floats(0, 1),
)
def test_a_crop_shows_the_box(box: tuple[float, ...], margin: float) -> None:
    x0, x1 = sorted(box[:2])
    y0, y1 = sorted(box[2:])
    image = np.zeros((100, 200, 3), np.uint8)
    found = cut(image, Box(x0, y0, x1, y1), margin)
    if found is None:
        assert x1 <= 0 or y1 <= 0 or x0 >= 200 or y0 >= 100 or x1 - x0 < 1 or y1 - y0 < 1
        return
    pixels, inside = found
    assert pixels.size
    assert 0 <= inside.x0 < inside.x1 <= pixels.shape[1]
    assert 0 <= inside.y0 < inside.y1 <= pixels.shape[0]
