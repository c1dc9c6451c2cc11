"""The other commands: models, plugins, doctor, eval, help."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from lpr.cli.missing import advice_about
from lpr.models import DEFAULT_MODEL, locate_model
from lpr.plugins.registry import PluginInfo, Registry
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


# Help, unknown commands, completion.


def installed_groups() -> list[tuple[str, ...]]:
    """The arguments of every group of commands whose package is installed."""
    names: list[tuple[str, ...]] = [(), ("bench",), ("models",), ("plugins",)]
    if find_spec("lpr_training"):
        names += [("data",), ("train",)]
    return names


@pytest.mark.parametrize("group", installed_groups(), ids="-".join)
def test_no_line_of_help_is_cut_off_or_too_long(group: tuple[str, ...]) -> None:
    result = lpr(*group, "--help", LPR_LOAD_PLUGINS="onnx,torch,lpr_training", COLUMNS="80")
    lines = result.stdout.splitlines()
    usage, *others = lines
    assert result.status == 0
    assert usage.startswith("Usage: lpr")
    assert "  -h, --help" in result.stdout
    assert [line for line in others if line.rstrip().endswith("...")] == []
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["detekt"], "did you mean detect?"),
        (["Wacth"], "did you mean watch?"),
        (["doc"], "did you mean doctor?"),
        (["models", "verfy"], "did you mean verify?"),
        (["plugins", "chekc"], "did you mean check?"),
        (["xyzzy"], "the commands are bench, convert, detect"),
        ([CAR], "lpr detect"),
        (["data", "split"], "lpr_training"),
        (["train"], "lpr_training"),
    ],
)
def test_an_unknown_command_says_what_to_do(arguments: list[object], said: str) -> None:
    result = lpr(*arguments)
    assert result.status == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("command", "install"),
    [
        ("data", "pip install ./training"),
        ("train", "pip install ./plugins/lpr-torch './training[torch]'"),
        ("export", "pip install ./plugins/lpr-torch"),
        ("quantize", "pip install ./plugins/lpr-onnx"),
    ],
)
def test_a_command_whose_package_is_missing_names_its_installation(
    command: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpr.cli.missing.find_spec", lambda _: None)
    assert str(advice_about(command, Registry())).endswith(install)
    assert advice_about("detect", Registry()) is None


@pytest.mark.skipif(find_spec("lpr_onnx") is None, reason="lpr-onnx is not installed")
def test_a_command_whose_plugin_failed_points_to_the_plugins() -> None:
    broken = Registry([PluginInfo("onnx", "lpr-onnx", problems=["failed to load"])])
    assert "lpr plugins shows why" in str(advice_about("quantize", broken))


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("lpr d", ["plain,detect", "plain,doctor"]),
        ("lpr watch --timel", ["plain,--timeline"]),
        ("lpr watch --format ", ["plain,csv", "plain,jsonl", "plain,table"]),
        ("lpr detect sam", ["file,sam"]),
        ("lpr watch gate", ["file,gate"]),
    ],
)
def test_shells_complete_commands_options_and_files(line: str, completions: list[str]) -> None:
    *words, last = line.split(" ")
    words_given = " ".join([*words, last])
    result = lpr(_LPR_COMPLETE="bash_complete", COMP_WORDS=words_given, COMP_CWORD=str(len(words)))
    assert result.stdout.split() == completions
    assert result.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_scripts_are_for_lpr(shell: str) -> None:
    result = lpr(_LPR_COMPLETE=f"{shell}_source")
    assert "_LPR_COMPLETE" in result.stdout
    assert result.stdout.splitlines()
