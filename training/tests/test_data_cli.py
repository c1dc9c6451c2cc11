"""``lpr data`` as users meet it: what it writes, and one clear line for what it cannot do."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from lpr.cli import cli
from lpr.errors import LprError
from training.tests.labels import picture, voc

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def data(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["data", *map(str, arguments)])


def failure(*arguments: object) -> str:
    """What a call that cannot work says."""
    result = data(*arguments)
    assert result.exit_code != 0
    if isinstance(result.exception, LprError):
        return str(result.exception)
    return result.output


def test_split_sorts_pictures_and_labels(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    for name in ("a", "b", "alone"):
        picture(mixed / f"{name}.jpg")
    for name in ("a", "b"):
        voc(mixed / f"{name}.xml", (10, 10, 60, 30))
    result = data("split", mixed, "--out", tmp_path / "set")
    assert result.exit_code == 0
    assert "alone.jpg: a picture without labels" in result.stderr
    assert sorted(p.name for p in (tmp_path / "set" / "images").iterdir()) == [
        "a.jpg", "alone.jpg", "b.jpg",
    ]  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "set" / "labels").iterdir()) == ["a.xml", "b.xml"]
    assert (mixed / "a.jpg").exists()
    data("split", mixed, "--out", tmp_path / "moved", "--move")
    assert not (mixed / "a.jpg").exists()


def test_labels_without_a_picture_are_an_error_after_the_others_are_done(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.jpg")
    voc(tmp_path / "in" / "a.xml", (10, 10, 60, 30))
    voc(tmp_path / "in" / "lost.xml", (10, 10, 60, 30))
    message = failure("split", tmp_path / "in", "--out", tmp_path / "out")
    assert "1 label files have no picture" in message
    assert (tmp_path / "out" / "labels" / "a.xml").exists()


def test_voc_becomes_yolo(tmp_path: Path) -> None:
    voc(tmp_path / "labels" / "a.xml", (20, 30, 80, 50), (1, 1, 9, 9), difficult=[1])
    voc(tmp_path / "labels" / "none.xml")
    result = data("voc-to-yolo", tmp_path / "labels", "--out", tmp_path / "yolo")
    assert result.exit_code == 0
    assert "1 boxes of 2 pictures" in result.stderr
    assert "left out: 1 difficult" in result.stderr
    assert (tmp_path / "yolo" / "classes.txt").read_text() == "plate\n"
    assert (
        tmp_path / "yolo" / "a.txt"
    ).read_text() == "0 0.25000000 0.40000000 0.30000000 0.20000000\n"
    assert (tmp_path / "yolo" / "none.txt").read_text() == ""


def test_lists_keep_a_plates_pictures_together(tmp_path: Path) -> None:
    rows = []
    for number in range(20):
        picture(tmp_path / "images" / f"{number:02d}.jpg")
        rows.append([f"{number:02d}.jpg", 10, 10, 60, 30, f"AB-{1000 + number // 4}"])
    with (tmp_path / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["file", "xmin", "ymin", "xmax", "ymax", "text"], *rows])
    result = data("lists", tmp_path, "--out", tmp_path / "lists", "--validation", "0.2")
    assert result.exit_code == 0
    train, valid = (
        [Path(line) for line in (tmp_path / "lists" / name).read_text().splitlines()]
        for name in ("train.txt", "valid.txt")
    )
    assert len(train) + len(valid) == 20
    assert len(valid) == 4
    assert all(path.is_absolute() and path.exists() for path in train + valid)
    plates = [{int(path.stem) // 4 for path in side} for side in (train, valid)]
    assert not plates[0] & plates[1]
    content = dict(
        line.split("=") for line in (tmp_path / "lists" / "plate.data").read_text().splitlines()
    )
    assert content["classes"] == "1"
    assert Path(content["names"]).read_text() == "plate\n"
    assert Path(content["backup"]).is_dir()
    assert "no label where Darknet looks" in result.stderr


def test_anchors_are_printed_to_paste_and_put_into_a_cfg(tmp_path: Path) -> None:
    for number in range(12):
        picture(tmp_path / f"{number}.jpg")
        voc(tmp_path / f"{number}.xml", (0, 0, 10 + 8 * number, 5 + 3 * number))
    cfg = tmp_path / "my.cfg"
    cfg.write_text("[net]\nwidth=320\nheight=240\n[yolo]\nmask=0,1,2\nanchors=1,1\nnum=1\n")
    result = data("anchors", tmp_path, "--count", 3, "--write", cfg)
    assert result.exit_code == 0
    line = result.stdout.strip()
    assert re.fullmatch(r"anchors = [\d.]+,[\d.]+, [\d.]+,[\d.]+, [\d.]+,[\d.]+", line)
    assert re.search(r"12 boxes; average IoU with the best anchor \d\d\.\d\d %", result.stderr)
    assert line.removeprefix("anchors = ") in cfg.read_text()
    assert "num=3" in cfg.read_text()


def test_crops_are_cut_by_their_labels(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.jpg")
    voc(tmp_path / "in" / "a.xml", (20, 30, 80, 50), (100, 10, 140, 30), names=["AB-1234"])
    result = data("crops", tmp_path / "in", "--out", tmp_path / "out", "--margin", "0.1")
    assert result.exit_code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "labels.csv").open()))
    assert [row["text"] for row in rows] == ["AB1234", ""]
    crop = cv2.imread(str(tmp_path / "out" / "images" / rows[0]["file"]))
    assert crop.shape == (24, 72, 3)
    assert [rows[0][k] for k in ("xmin", "ymin", "xmax", "ymax")] == ["6", "2", "66", "22"]


def test_crops_are_cut_by_a_model(tmp_path: Path) -> None:
    result = data("crops", SAMPLES / "car.jpg", "--model", "tw-light", "--sweep", "0.45:0.1:0.05",
                  "--out", tmp_path / "out")  # fmt: skip
    assert result.exit_code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "labels.csv").open()))
    assert len(rows) >= 1
    crop = cv2.imread(str(tmp_path / "out" / "images" / rows[0]["file"]))
    assert crop.shape[1] > crop.shape[0] > 8


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    picture(tmp_path / "one" / "a.jpg")
    voc(tmp_path / "one" / "a.xml", (20, 30, 80, 50))
    voc(tmp_path / "lost" / "b.xml", (20, 30, 80, 50))
    picture(tmp_path / "out" / "a.jpg", 50, 50)
    voc(tmp_path / "out" / "a.xml", (60, 60, 80, 70), size=(50, 50))
    cases = {
        ("split", empty, "--out", tmp_path / "o"): "holds no picture",
        ("voc-to-yolo", empty, "--out", tmp_path / "o"): "holds no Pascal VOC files",
        ("lists", empty, "--out", tmp_path / "o"): "holds no labels",
        ("lists", tmp_path / "one", "--out", tmp_path / "o"): "one labelled picture",
        (
            "lists",
            tmp_path / "lost",
            "--out",
            tmp_path / "o",
        ): "labels the picture b.jpg, which is not there",
        ("lists", tmp_path / "one", "--out", tmp_path / "o", "--group", "["): "not a regular",
        ("lists", tmp_path / "one", "--out", tmp_path / "o", "--group", "a"): "has no group",
        ("anchors", tmp_path / "one"): "take fewer than --count 9",
        ("anchors", tmp_path / "one", "--split", "val"): "knows the split",
        (
            "crops",
            tmp_path / "lost",
            "--out",
            tmp_path / "o",
        ): "labels the picture b.jpg, which is not there",
        ("crops", tmp_path / "out", "--out", tmp_path / "o"): "lies outside of",
        ("crops", tmp_path / "one", "--out", tmp_path / "o", "--sweep", "0.4:0.1:0.1"): "--model",
    }
    for arguments, words in cases.items():
        message = failure(*arguments)
        assert words in message, (arguments, message)
        assert "Traceback" not in message


@pytest.mark.parametrize("command", ["split", "voc-to-yolo", "lists", "anchors", "crops"])
def test_every_command_explains_itself(command: str) -> None:
    result = data(command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 6
