"""Which CPU runtime is taken: a fixed order, or what was measured on this machine."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

import lpr
from lpr import loading
from lpr.diagnostics.tuning import tune
from lpr.errors import OutputError
from lpr.models import load_model
from lpr.runtimes.preferences import RuntimeRanking, load_ranking, ranking_file
from tests.cli.run import CAR
from tests.cli.run import lpr as run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LPR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def chosen(caplog: pytest.LogCaptureFixture, **options: str) -> str:
    caplog.clear()
    with caplog.at_level(logging.INFO, "lpr"), lpr.load(**options):  # type: ignore[arg-type]
        return caplog.text


def save_ranking(tuned: RuntimeRanking) -> None:
    ranking_file().parent.mkdir(exist_ok=True)
    ranking_file().write_text(
        json.dumps({"detector": tuned.detector, "recognizer": tuned.recognizer})
    )


def test_what_was_measured_is_remembered_the_fastest_first() -> None:
    assert load_ranking() == RuntimeRanking()
    tuned = tune(loading.registry(), load_model())
    assert load_ranking() == tuned
    for order in (tuned.detector, tuned.recognizer):
        assert "opencv" in order
        assert list(order.values()) == sorted(order.values())
        assert all(ms > 0 for ms in order.values())


@pytest.mark.parametrize("backend", ["cpu", "auto"])
def test_each_stage_follows_its_own_order(backend: str, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("lpr_onnx")
    assert "detector: onnxruntime" in chosen(caplog, backend=backend)
    save_ranking(
        RuntimeRanking({"opencv": 1.0, "onnxruntime": 2.0}, {"onnxruntime": 1.0, "opencv": 2.0})
    )
    text = chosen(caplog, backend=backend)
    assert "detector: opencv on cpu" in text
    assert "recognizer: onnxruntime on cpu" in text


def test_what_is_named_is_taken_whatever_was_measured(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("lpr_onnx")
    save_ranking(RuntimeRanking({"opencv": 1.0}, {"opencv": 1.0}))
    text = chosen(caplog, backend="onnxruntime")
    assert "detector: onnxruntime" in text
    assert "recognizer: onnxruntime" in text


def test_what_was_measured_and_is_gone_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    save_ranking(RuntimeRanking({"removed": 0.1, "opencv": 1.0}, {"removed": 0.1}))
    assert "detector: opencv on cpu" in chosen(caplog)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"detector": {"opencv": "fast"}}', "[1]"])
def test_a_damaged_file_is_said_and_not_used(damage: str, caplog: pytest.LogCaptureFixture) -> None:
    save_ranking(RuntimeRanking())
    ranking_file().write_text(damage)
    with caplog.at_level(logging.WARNING, "lpr"):
        assert load_ranking() == RuntimeRanking()
    assert f"{ranking_file()} is damaged and ignored; lpr doctor --tune" in caplog.text


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        tune(loading.registry(), load_model())


def test_the_doctor_measures_and_says_what_was_measured(folder: Path) -> None:
    environment = {"LPR_CACHE": str(folder)}
    assert "not measured here; run lpr doctor --tune" in run("doctor", **environment).stdout
    measured = run("doctor", "--tune", **environment)
    assert measured.status == 0, measured.stderr
    lines = [line for line in measured.stdout.splitlines() if line.startswith("fastest")]
    assert len(lines) == 2
    assert all("opencv " in line and " ms" in line for line in lines)
    assert lines == [
        line
        for line in run("doctor", **environment).stdout.splitlines()
        if line.startswith("fastest")
    ]
    assert stat.S_ISREG((folder / "fastest.json").stat().st_mode)
    assert run("detect", CAR, **environment).records[0]["plates"]
