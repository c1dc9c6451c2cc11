"""From a folder of photos with labels to both networks: a set of one's own instead of Taiwan's."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

torch = pytest.importorskip("torch")

import lpr  # noqa: E402
from lpr.cli import cli  # noqa: E402
from lpr.errors import LprError  # noqa: E402
from lpr.evaluate import evaluate  # noqa: E402
from lpr.labels import read_labels  # noqa: E402
from lpr.models import load_model  # noqa: E402
from lpr_torch.checkpoints import load_detector, load_recognizer  # noqa: E402
from lpr_training.datasets.sets import split_pictures  # noqa: E402
from lpr_training.labelling.formats import read_any  # noqa: E402
from lpr_training.publishing.thresholds import Thresholds, f1  # noqa: E402
from training.tests.labels import picture, voc  # noqa: E402
from training.tests.test_detector import CFG  # noqa: E402

DETECTOR = """based_on = "tw-light-detector-continued"
cfg = "my.cfg"
sizes = [[0, 96]]
aspects = [1.0]
branches = false
[schedule]
steps = 40
batch = 8
check_every = 20
rate = 0.01
warmup = 5
ema_decay = 0.9
threads = 1
[data]
scenes = 0.9
rendered = 0.1
rendered_pictures = 4
region = "br"
edited = 0.0
"""

RECOGNIZER = """based_on = "tw-light-recognizer"
[schedule]
steps = 3
batch = 4
check_every = 3
warmup = 1
threads = 1
[shape]
channels = [8, 8]
strides = [[4, 2], [4, 2]]
[crops]
rendered = 12
abroad = 0.0
rendered_abroad = 0
easy = 0
mixed = 0
"""


def run_cli(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def done(*arguments: object) -> Result:
    result = run_cli(*arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def failure(*arguments: object) -> str:
    result = run_cli(*arguments)
    assert isinstance(result.exception, LprError), result.output
    message = str(result.exception)
    assert "\n" not in message
    return message


def white_plates(folder: Path, count: int) -> Path:
    """Noise with a white rectangle in each picture, and where that is."""
    (folder / "images").mkdir(parents=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        image = rng.integers(0, 90, (96, 96, 3), np.uint8)
        x, y = int(rng.integers(5, 55)), int(rng.integers(5, 70))
        image[y : y + 16, x : x + 32] = 240
        cv2.imwrite(str(folder / "images" / f"{number:02}.png"), image)
        voc(folder / "labels" / f"{number:02}.xml", (x, y, x + 32, y + 16), size=(96, 96))
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = white_plates(tmp_path_factory.mktemp("own") / "set", 30)
    done("data", "table", folder, "--out", folder / "labels.csv", "--dev", 0.2, "--val", 0.2)
    return folder


def splits(file: Path) -> dict[str, str]:
    with file.open() as stream:
        return {row["file"]: row["split"] for row in csv.DictReader(stream)}


# The table.


def labelled(folder: Path, texts: Sequence[str]) -> Path:
    for number, text in enumerate(texts):
        picture(folder / "images" / f"{number:02}.jpg")
        voc(folder / "labels" / f"{number:02}.xml", (10, 10, 60, 30), names=[text])
    return folder


def test_no_plate_is_in_two_splits(tmp_path: Path) -> None:
    texts = [f"AB-{1000 + number // 3}" for number in range(30)]
    folder = labelled(tmp_path / "set", texts)
    result = done("data", "table", folder, "--out", folder / "labels.csv", "--val", 0.2)
    assert "in 10 groups that share no plate; 30 plates, 30 of them with a text" in result.stderr
    seen = {
        split: {plate.text for p in read_labels(folder, split) for plate in p.plates}
        for split in ("train", "dev", "val")
    }
    assert len(seen["val"]) == 2
    assert len(seen["dev"]) == 1
    assert sum(map(len, seen.values())) == 10
    assert len(read_labels(folder)) == 30


def test_names_may_say_what_belongs_together(tmp_path: Path) -> None:
    for number in range(12):
        picture(tmp_path / "set" / f"film{number // 3}-{number}.jpg")
        voc(tmp_path / "set" / f"film{number // 3}-{number}.xml", (10, 10, 60, 30))
    out = tmp_path / "set" / "labels.csv"
    done("data", "table", tmp_path / "set", "--out", out, "--dev", 0.25, "--group", r"(film\d)")
    films = {(name.partition("-")[0], split) for name, split in splits(out).items()}
    assert sorted(split for _, split in films) == ["dev", "train", "train", "val"]


def test_texts_from_a_table_are_given_to_their_boxes(tmp_path: Path) -> None:
    folder = labelled(tmp_path / "set", ["plate"] * 4)
    (tmp_path / "texts.csv").write_text("file,text\n00.jpg,ab-12\n01.jpg,AB12\n02.jpg,CD34\n")
    out = tmp_path / "elsewhere" / "labels.csv"
    (tmp_path / "texts.csv").open("a").write("nosuch.jpg,EF56\n")
    result = done(
        "data", "table", folder, "--out", out, "--texts", tmp_path / "texts.csv", "--dev", 0
    )
    assert "1 names in" in result.stderr
    plates = [plate.text for p in read_labels(out.parent) for plate in p.plates]
    assert plates == ["AB12", "AB12", "CD34", None]
    where = list(splits(out).values())
    assert where[0] == where[1]
    assert all(p.path.is_file() for p in read_labels(out.parent))


def test_what_does_not_count_is_left_out_and_said(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", (20, 30, 80, 50), (1, 1, 9, 9), (5, 5, 5, 9), difficult=[1])
    picture(tmp_path / "b.jpg")
    voc(tmp_path / "b.xml")
    out = tmp_path / "labels.csv"
    result = done("data", "table", tmp_path, "--out", out, "--dev", 0, "--val", 0)
    assert "left out: 1 of zero area" in result.stderr
    assert "they count neither way: 1" in result.stderr
    assert [len(p.plates) for p in read_labels(tmp_path)] == [1, 0]


def test_what_the_table_cannot_know_is_asked_for(tmp_path: Path) -> None:
    folder = labelled(tmp_path / "set", ["plate", "car", "plate"])
    out = folder / "labels.csv"
    message = failure("data", "table", folder, "--out", out)
    assert message.endswith("of the classes car, plate; name those of plates: --class NAME")
    message = failure("data", "table", folder, "--out", out, "--class", "plat")
    assert message.endswith("no box is of the class plat; its classes are car, plate")
    done("data", "table", folder, "--out", out, "--class", "plate")
    assert [len(p.plates) for p in read_labels(folder)] == [1, 0, 1]
    before = out.read_bytes()
    assert "labels.csv: is there already" in failure("data", "table", folder, "--out", out)
    assert out.read_bytes() == before
    voc(tmp_path / "out" / "a.xml", (150, 10, 260, 30))
    picture(tmp_path / "out" / "a.jpg")
    voc(tmp_path / "out" / "b.xml", (15, 10, 60, 30))
    picture(tmp_path / "out" / "b.jpg")
    again = ("data", "table", tmp_path / "out", "--out", tmp_path / "out.csv", "--val", 0)
    assert "extends beyond its picture" in failure(*again)
    assert "clipped: 1" in done(*again, "--clip").stderr


def test_three_splits_need_three_plates(tmp_path: Path) -> None:
    folder = labelled(tmp_path, ["AB-1234", "CD-1234"])
    message = failure("data", "table", folder, "--out", folder / "labels.csv")
    assert "too few pictures for train, dev and val: 2 groups" in message


def test_crops_stay_in_their_split(photos: Path, tmp_path: Path) -> None:
    done("data", "crops", photos, "--out", tmp_path / "crops")
    sides = {name[:2]: split for name, split in splits(tmp_path / "crops" / "labels.csv").items()}
    assert sides == {Path(k).stem: v for k, v in splits(photos / "labels.csv").items()}


# Which pictures are whose.


def test_val_is_never_touched(photos: Path) -> None:
    train, dev = split_pictures(photos)
    assert (len(train), len(dev)) == (18, 6)
    val = {p.path for p in read_labels(photos, "val")}
    assert not val & {p.path for p in train + dev}


# The networks.


def test_a_detector_learns_from_a_set_of_ones_own(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "my.cfg").write_text(CFG)
    (tmp_path / "recipes" / "my.toml").write_text(DETECTOR)
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    result = done(
        "train", "detector", "--recipe", "recipes/my.toml", "--data", photos, "--out", run
    )
    part = json.loads((run / "part.json").read_text())
    assert part["figures"]["ap"] > 0.5
    assert set(part["figures"]) == {"ap", "found", "false", "score", "gflop"}
    assert f"lpr export {run / 'best.safetensors'}" in result.stderr
    assert load_detector(run / "best.safetensors").network.cfg.net.width == 96
    done("export", run / "best.safetensors", "--out", "model", "--set", "threshold=0.3")
    assert load_model("model").detector.spec.threshold == 0.3


def test_a_recognizer_learns_a_foreign_region_from_nothing(tmp_path: Path) -> None:
    plates = tmp_path / "plates"
    done("data", "synth", "--crops", plates, "--region", "vn", "--count", 20)
    (tmp_path / "my.toml").write_text(RECOGNIZER)
    run = tmp_path / "run"
    result = done(
        "train", "recognizer", "--recipe", tmp_path / "my.toml", "--data", plates, "--out", run,
        "--set", "crops.region=br",
    )  # fmt: skip
    assert "lpr export" in result.stderr
    assert set(json.loads((run / "part.json").read_text())["figures"]) >= {"site", "score"}
    assert load_recognizer(run / "best.safetensors").spec.alphabet.startswith("0123")


def test_thresholds_are_chosen_on_what_is_held_out(tmp_path: Path) -> None:
    done("data", "sample", tmp_path / "set", "--count", 10, "--seed", 3)
    model = tmp_path / "model"
    shutil.copytree(load_model("tw-light").folder, model)
    result = done("train", "thresholds", model, "--data", tmp_path / "set")
    chosen = load_model(str(model))
    threshold, sure = chosen.detector.spec.threshold, chosen.detector.spec.accept_threshold
    least = chosen.recognizer.min_confidence
    assert f"threshold {threshold}, min_confidence {least}, sure {sure}" in result.stdout
    assert "on 2 pictures" in result.stderr

    def score(threshold: float, sure: float, least: float) -> float:
        with lpr.load("tw-light", threshold=0.2, min_confidence=0.0) as reader:
            report = evaluate(reader, split_pictures(tmp_path / "set")[1])
        return f1(report, Thresholds(threshold, least, sure))

    assert score(threshold, sure, least) >= score(0.5, 0.72, 0.1)
    message = failure("train", "thresholds", tmp_path / "set", "--data", tmp_path / "set")
    assert "model.toml: is missing; name a model folder" in message


def test_what_cannot_be_learnt_from_is_named_with_a_remedy(photos: Path, tmp_path: Path) -> None:
    run = ("--out", tmp_path / "run")
    empty = failure("train", "detector", "--data", tmp_path, *run)
    assert f"{tmp_path}: holds no labels.csv" in empty
    assert f"lpr data table {tmp_path} --out" in empty
    assert "no plate has a text to learn from" in failure(
        "train", "recognizer", "--data", photos, *run
    )
    (tmp_path / "labels.csv").write_text(
        "file,xmin,ymin,xmax,ymax,text\n" + "".join(f"{n}.png,,,,,\n" for n in range(6))
    )
    blank = failure("train", "detector", "--data", tmp_path, *run)
    assert "labels.csv: the 4 pictures to train on show no plate; label more of them" in blank
    unknown = failure("train", "detector", "--data", photos, *run, "--set", "data.region=xx")
    assert "no region 'xx'" in unknown


def test_another_table_takes_the_place_of_the_sets_own(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((60, 120, 3), np.uint8))
    (tmp_path / "labels.csv").write_text(
        "file,xmin,ymin,xmax,ymax,text,split\n"
        "a.png,10,10,90,40,ABC1234,train\nb.png,10,10,90,40,ABC5678,dev\n"
    )
    corrected = tmp_path / "labels.corrected.csv"
    corrected.write_text(
        "file,xmin,ymin,xmax,ymax,text,split\n"
        "a.png,10,10,90,40,XYZ1234,train\nb.png,20,10,60,30,ABC5678,dev\n"
    )
    train, dev = split_pictures(corrected)
    assert [plate.text for p in train for plate in p.plates] == ["XYZ1234"]
    assert dev[0].plates[0].box == (20, 10, 60, 30)
    (given,) = read_any(corrected, "dev")
    assert given.boxes[0].box == dev[0].plates[0].box
    anchors = ["data", "anchors", str(corrected), "--split", "dev", "--count", "1"]
    result = CliRunner().invoke(cli, [*anchors, "--size", "120x60"])
    assert result.output.startswith("anchors = 40,20")
