from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from lpr.errors import ModelError
from lpr.labels import read_labels
from lpr_training.cli.data import data
from lpr_training.cli.train import train


def imported_by(code: str) -> set[str]:
    """The modules that are loaded after ``code`` has run in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", script], text=True).split())


def test_the_plugin_is_cheap_to_import() -> None:
    assert not imported_by("import lpr_training.cli.plugin") & {"torch", "lpr_training.synth"}


def test_data_commands_never_import_torch(tmp_path: Path) -> None:
    code = "import lpr_training.datasets.write_rendered as s, pathlib as p"
    code += f"; s.write_scenes(p.Path({str(tmp_path)!r}), 1, 1)"
    assert "torch" not in imported_by(code)


def test_a_sample_can_be_read_back_and_repeats(tmp_path: Path) -> None:
    for name in ("a", "b"):
        arguments = ["sample", str(tmp_path / name), "--count", "4", "--seed", "3"]
        assert CliRunner().invoke(data, arguments).exit_code == 0
    first, second = (read_labels(tmp_path / name) for name in ("a", "b"))
    assert len(first) == 4
    assert any(picture.plates for picture in first)
    for one, other in zip(first, second, strict=True):
        assert one.plates == other.plates
        assert one.path.read_bytes() == other.path.read_bytes()
        height, width = cv2.imread(str(one.path)).shape[:2]
        for plate in one.plates:
            assert plate.text
            assert 0 <= plate.box.center[0] <= width
            assert 0 <= plate.box.center[1] <= height


def test_a_preview_is_one_picture(tmp_path: Path) -> None:
    file = tmp_path / "plates.png"
    result = CliRunner().invoke(data, ["synth", "--preview", str(file), "--count", "8"])
    assert result.exit_code == 0, result.output
    assert cv2.imread(str(file)) is not None


def test_training_commands_say_what_they_need() -> None:
    result = CliRunner().invoke(train, ["detector"])
    assert result.exit_code == 2
    assert "--data" in result.output


def test_rendered_crops_can_be_read_back_and_repeat(tmp_path: Path) -> None:
    for name in ("a", "b"):
        arguments = ["synth", "--crops", str(tmp_path / name), "--count", "6"]
        result = CliRunner().invoke(data, arguments)
        assert result.exit_code == 0, result.output
    first, second = (read_labels(tmp_path / name) for name in ("a", "b"))
    assert len(first) == 6
    for one, other in zip(first, second, strict=True):
        assert one.plates == other.plates
        assert one.path.read_bytes() == other.path.read_bytes()
        (plate,) = one.plates
        assert plate.text
        # Tilted away from the camera, a plate is narrower than it is drawn.
        assert 20 <= plate.box.width <= 220


@pytest.mark.parametrize("arguments", [[], ["--preview", "a.png", "--crops", "b"]])
def test_synth_wants_to_know_what_to_write(arguments: list[str]) -> None:
    result = CliRunner().invoke(data, ["synth", *arguments])
    assert result.exit_code == 2
    assert "--preview" in result.output


@pytest.mark.parametrize("network", ["detector", "recognizer"])
def test_a_model_to_start_from_that_is_not_there_is_known_at_once(
    network: str, tmp_path: Path
) -> None:
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "run"), "--from", "nowhere"]
    result = CliRunner().invoke(train, [network, *arguments])
    assert isinstance(result.exception, ModelError)
    assert "nowhere" in str(result.exception)
