from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lpr.errors import OutputError
from lpr.plugins.scaffold import KINDS, new_plugin
from lpr.utils.toml import parse_toml
from tests.cli.run import CAR, lpr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new plugin, installed into a folder of its own (without its dependencies)."""
    folder = tmp_path_factory.mktemp("new")
    result = lpr("plugins", "new", "my-recognizer", cwd=folder)
    assert result.status == 0, result.stderr
    site = folder / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site,
         folder / "my-recognizer"],
        check=True,
    )  # fmt: skip
    return folder


def test_it_passes_its_own_tests_unchanged(installed: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=installed / "my-recognizer",
        env={**os.environ, "PYTHONPATH": str(installed / "site"), "LPR_LOAD_PLUGINS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout


def test_it_reads_for_lpr_detect(installed: Path) -> None:
    environment = {"PYTHONPATH": str(installed / "site"), "LPR_LOAD_PLUGINS": "my-recognizer"}
    assert "recognizer runtime my-recognizer" in lpr("plugins", **environment).stdout
    result = lpr(
        "detect", CAR, "--recognizer", "my-recognizer", "--min-confidence", 0, **environment
    )
    assert result.status == 0, result.stderr
    (record,) = result.records
    assert record["plates"]
    assert all(plate["text"].startswith("LIGHT") for plate in record["plates"])


def test_a_new_detector_passes_its_tests_and_finds(tmp_path: Path) -> None:
    result = lpr("plugins", "new", "my-detector", "--kind", "detector", cwd=tmp_path)
    assert result.status == 0, result.stderr
    assert "its detector is in my-detector/my_detector.py" in result.stderr
    folder = tmp_path / "my-detector"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "LPR_LOAD_PLUGINS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout
    project = parse_toml((folder / "pyproject.toml").read_text(), "text")["project"]
    assert project["description"] == "A detector for lpr."
    info = folder / "my_detector-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-detector\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[lpr]\nmy-detector = my_detector\n")
    environment = {"PYTHONPATH": str(folder), "LPR_LOAD_PLUGINS": "my-detector"}
    found = lpr("detect", CAR, "--detector", "my-detector", **environment)
    assert found.status == 0, found.stderr
    assert [plate["text"] for plate in found.records[0]["plates"]] == ["BGT6175"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_generated_code_imports_public_names_only(kind: str, tmp_path: Path) -> None:
    public = (Path(__file__).parent / "public_api.txt").read_text().splitlines()
    names = {re.split(r"[:(]", line)[0] for line in public}
    modules = {"lpr.specs", "lpr.protocols", "lpr.testing"}
    files = new_plugin("my-recognizer", tmp_path / "x", kind)
    imported = {
        (node.module, alias.name)
        for file in files
        if file.suffix == ".py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lpr"
        for alias in node.names
    }
    assert {module for module, _ in imported} <= {"lpr", *modules}
    assert all(f"{module}.{name}" in names or module in modules for module, name in imported)


def test_names_are_taken_apart_as_python_needs_them(tmp_path: Path) -> None:
    files = new_plugin("speedy-recognizer", tmp_path / "x")
    assert [str(f.relative_to(tmp_path / "x")) for f in files] == [
        "pyproject.toml", "speedy_recognizer.py", "tests/test_speedy_recognizer.py", "README.md",
    ]  # fmt: skip
    project = parse_toml(files[0].read_text(), "text")["project"]
    assert project["entry-points"]["lpr"] == {"speedy-recognizer": "speedy_recognizer"}
    assert "class SpeedyRecognizer:" in files[1].read_text()
    assert "$" not in "".join(file.read_text() for file in files)


@pytest.mark.parametrize("name", ["", "My-Reader", "my_reader", "9lives", "a--b", "../up", "lpr!"])
def test_other_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a valid name of a plugin"):
        new_plugin(name, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="exists; choose another name"):
        new_plugin("mine", tmp_path)
    assert list(tmp_path.iterdir()) == []
