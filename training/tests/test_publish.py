from __future__ import annotations

import json
from pathlib import Path

import pytest

from lpr.errors import LprError
from lpr.models import load_model, write_model
from lpr.utils.toml import to_toml
from lpr_training.publishing.publish import assemble

DETECTOR = {
    "cfg": "detector.cfg",
    "weights": "detector.weights",
    "width": 384,
    "height": 384,
    "resize": "letterbox",
    "channels": "rgb",
    "threshold": 0.45,
    "nms": 0.45,
}
RECOGNIZER = {
    "file": "recognizer.onnx",
    "format": "onnx",
    "alphabet": "ABC",
    "blank": 3,
    "width": 128,
    "height": 64,
    "resize": "stretch",
    "channels": "gray",
    "dropped_steps": 0,
    "crop_margin": 0.05,
    "mean": 0.5,
    "std": 0.5,
}


def run(folder: Path, name: str, table: dict[str, object], files: list[str]) -> Path:
    folder.mkdir()
    for file in files:
        (folder / file).write_bytes(file.encode())
    part = {"name": name, "table": table, "training": {"steps": 9}, "figures": {"found": 0.5}}
    (folder / "part.json").write_text(json.dumps(part))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    return (
        run(tmp_path / "d", "detector", DETECTOR, ["detector.cfg", "detector.weights"]),
        run(tmp_path / "r", "recognizer", RECOGNIZER, ["recognizer.onnx"]),
    )


def combine(runs: tuple[Path, Path], out: Path) -> None:
    write_model(out, assemble("tw-light", *runs, out))


def test_two_runs_become_a_model_folder(tmp_path: Path, runs: tuple[Path, Path]) -> None:
    combine(runs, tmp_path / "model")
    model = load_model(str(tmp_path / "model"))
    assert (model.name, model.regions, model.licence) == ("tw-light", ("tw",), "Apache-2.0")
    assert model.detector.spec.threshold == 0.45
    assert model.recognizer.spec.alphabet == "ABC"
    text = (tmp_path / "model" / "model.toml").read_text()
    assert "CC BY 4.0" in text
    assert "[figures.dev.detector]" in text


def test_publishing_again_replaces_the_model(tmp_path: Path, runs: tuple[Path, Path]) -> None:
    combine(runs, tmp_path / "model")
    (runs[1] / "recognizer.onnx").write_bytes(b"better")
    combine(runs, tmp_path / "model")
    assert (load_model(str(tmp_path / "model")).recognizer.file).read_bytes() == b"better"


def test_a_run_that_has_not_ended_cannot_be_published(
    tmp_path: Path, runs: tuple[Path, Path]
) -> None:
    (runs[0] / "part.json").unlink()
    with pytest.raises(LprError, match="--resume"):
        combine(runs, tmp_path / "model")


def test_toml_keys_and_texts_are_quoted_where_they_must() -> None:
    lines = to_toml({"a.b": 'say "hi"', "t": {"x-y": [1, 2.5], "u": {"ok": True}}})
    assert lines == ['"a.b" = "say \\"hi\\""', "\n[t]", "x-y = [1, 2.5]", "\n[t.u]", "ok = true"]
