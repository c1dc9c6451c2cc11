"""The other commands: models, plugins, doctor, eval, help."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lpr.models import DEFAULT_MODEL, locate_model
from tests.cli.run import CAR, lpr


@pytest.mark.parametrize("command", ["detect", "doctor", "eval", "models", "plugins"])
def test_every_command_explains_itself(command: str) -> None:
    assert command in lpr("--help").stdout
    result = lpr(command, "--help")
    assert result.status == 0
    assert "Usage: lpr" in result.stdout


def test_models_are_listed_and_verified() -> None:
    names = [line.split("\t")[0] for line in lpr("models", "list").stdout.splitlines()]
    assert DEFAULT_MODEL in names
    result = lpr("models", "verify")
    assert (result.status, result.stdout) == (0, "".join(f"{name}\tok\n" for name in names))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(locate_model(DEFAULT_MODEL), tmp_path / "model"))


def test_a_copied_model_works_by_its_path(copied: Path) -> None:
    here, there = lpr("detect", CAR), lpr("detect", CAR, "--model", copied)
    assert there.stdout == here.stdout


def test_a_truncated_weights_file_is_named_by_verify_and_by_detect(copied: Path) -> None:
    weights = copied / "detector.weights"
    weights.write_bytes(weights.read_bytes()[:-4])
    for arguments in (["models", "verify", copied], ["detect", CAR, "--model", copied]):
        result = lpr(*arguments)
        assert result.status == 1
        assert str(weights) in result.stderr
        assert "Traceback" not in result.stderr


def rehashed(folder: Path, name: str, content: bytes) -> None:
    """Replace a model's file and its hash, as whoever makes models might by mistake."""
    import hashlib

    toml = folder / "model.toml"
    old = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / name).write_bytes(content)
    toml.write_text(toml.read_text().replace(old, hashlib.sha256(content).hexdigest()))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("detector.cfg", lambda b: b.replace(b"[upsample]", b"[upsmaple]", 1), "upsmaple"),
        ("detector.weights", lambda b: b[:-4], "bytes"),
        ("recognizer.onnx", lambda b: b[: len(b) // 2], "recognizer.onnx"),
    ],
)
def test_a_model_whose_files_are_wrong_in_themselves(
    copied: Path,
    name: str,
    change,
    message: str,  # type: ignore[no-untyped-def]
) -> None:
    rehashed(copied, name, change((copied / name).read_bytes()))
    result = lpr("detect", CAR, "--model", copied)
    assert (result.status, result.stdout) == (1, "")
    assert name in result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_the_doctor_tries_every_runtime() -> None:
    result = lpr("doctor")
    assert result.status == 0, result.stderr
    lines = {tuple(line.split()[:2]): line for line in result.stdout.splitlines()}
    assert "works" in lines["detector", "opencv"]
    assert "works" in lines["recognizer", "opencv"]
    assert "CUDA" in lines["detector", "cuda"] or "works" in lines["detector", "cuda"]
    assert DEFAULT_MODEL in result.stdout


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    (plate,) = lpr("detect", CAR).records[0]["plates"]
    box = ",".join(map(str, plate["box"]))
    shutil.copy(CAR, tmp_path / "car.jpg")
    header = "file,split,xmin,ymin,xmax,ymax,text\n"
    (tmp_path / "labels.csv").write_text(f"{header}car.jpg,val,{box},{plate['display']}\n")
    return tmp_path


def test_eval_counts(labelled: Path) -> None:
    result = lpr("eval", labelled, "--split", "val", "--json", "--mistakes")
    figures = json.loads(result.stdout)
    assert (figures["found"], figures["exact"], figures["exact_on_labelled_boxes"]) == (1, 1, 1)
    assert figures["mistakes"] == []
    assert "exact " in lpr("eval", labelled).stdout


def test_eval_names_what_is_missing(tmp_path: Path, labelled: Path) -> None:
    assert "labels.csv" in lpr("eval", tmp_path / "nowhere").stderr
    result = lpr("eval", labelled, "--split", "dev")
    assert result.status == 1
    assert "splits there: val" in result.stderr


def test_eval_scores_the_records_of_detect_as_it_scores_the_model(
    labelled: Path, tmp_path: Path
) -> None:
    records = tmp_path / "records.jsonl"
    images = [row.split(",")[0] for row in (labelled / "labels.csv").read_text().splitlines()[1:]]
    places = [p for name in set(images) for p in (labelled / name, labelled / "images" / name)]
    lpr("detect", *[place for place in places if place.is_file()], "--output", records)
    theirs = json.loads(lpr("eval", labelled, "--json", "--predictions", records).stdout)
    ours = json.loads(lpr("eval", labelled, "--json").stdout)
    for name in ("plates", "found", "exact", "false_readings", "character_error_rate"):
        assert theirs[name] == ours[name]
    assert theirs["exact_on_labelled_boxes"] is None


def test_eval_under_stress_is_a_run_of_its_own(labelled: Path, tmp_path: Path) -> None:
    figures = json.loads(lpr("eval", labelled, "--json", "--stress").stdout)
    assert figures["plates"] > 0
    assert set(figures["ms_of_stages"]) >= {"letterbox", "detector"}
    result = lpr("eval", labelled, "--stress", "--predictions", tmp_path / "any.jsonl")
    assert result.status == 2
    assert "--predictions" in result.stderr


def test_names_with_terminal_escapes_are_shown_as_text(tmp_path: Path) -> None:
    name = "a\x1b]0;owned\x07\x1b[2J\rb.jpg"
    (tmp_path / name).write_bytes(b"no picture")
    for arguments in (
        ("detect", tmp_path / name),
        ("watch", tmp_path / name),
        ("detect", tmp_path / "none" / name),
        ("detect", CAR, "--output", tmp_path / "none" / name),
        ("detect", CAR, "--model", name),
        ("detect", CAR, "--format", name),
        ("detect", CAR, f"--{name}"),
        ("models", "verify", name),
        ("plugins", "check", name),
        (name,),
    ):
        result = lpr(*arguments)
        assert result.status
        said = result.stdout + result.stderr
        assert not set(said) & set("\x1b\x07\r"), arguments
        assert "owned" in said
