"""``lpr data`` installs and runs without PyTorch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lpr_training

ROOT = Path(lpr_training.__file__).parent
BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "lpr_torch", "onnxruntime", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
"""


def run_without_torch(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED + code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lpr(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_without_torch(f"from lpr.cli import main\nmain({list(arguments)!r})")


def test_torch_free_packages_import_without_torch() -> None:
    packages = [ROOT / name for name in lpr_training.TORCH_FREE]
    assert all(package.is_dir() for package in packages)
    files = [
        file.relative_to(ROOT.parent) for package in packages for file in package.rglob("*.py")
    ]
    names = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files]
    run = run_without_torch("".join(f"import {name}\n" for name in names))
    assert run.returncode == 0, run.stderr


def test_every_data_command_runs_without_torch(tmp_path: Path) -> None:
    code = """
from click.testing import CliRunner
from lpr_training.cli.data import data
for arguments in ([], *([name] for name in data.commands)):
    result = CliRunner().invoke(data, [*arguments, "--help"])
    assert result.exit_code == 0, result.output
"""
    run = run_without_torch(code)
    assert run.returncode == 0, run.stderr
    run = lpr("data", "sample", str(tmp_path / "set"), "--count", "2")
    assert run.returncode == 0, run.stderr
    run = lpr("data", "crops", str(tmp_path / "set"), "--out", str(tmp_path / "crops"))
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("arguments", [("detector",), ("country", "mine"), ("publish",)])
def test_training_without_torch_names_the_installation(arguments: tuple[str, ...]) -> None:
    run = lpr("train", *arguments)
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert "pip install ./plugins/lpr-torch './training[torch]'" in line
    assert "pip install torch --index-url https://download.pytorch.org/whl/cpu" in line


def test_help_on_training_needs_no_torch() -> None:
    assert "--resume" in lpr("train", "detector", "--help").stdout
