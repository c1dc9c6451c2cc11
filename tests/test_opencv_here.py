"""An OpenCV that is missing, broken or too old is named with the command that mends it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from lpr.errors import SourceError
from lpr.source import open_source
from lpr.utils.opencv import DISTRIBUTIONS, installed_opencv, mending
from tests.cli.run import lpr

# What `import cv2` does, and what lpr then says.
BROKEN = {
    "half uninstalled": (
        "",
        r"module cv2 .*is incomplete.*pip install --force-reinstall --no-deps",
    ),
    "other NumPy": (
        "raise ImportError('numpy.core.multiarray failed to import')",
        r"cannot be imported \(numpy.core.multiarray failed to import\); run: pip install",
    ),
    "no desktop": (
        "raise ImportError('libGL.so.1: cannot open shared object file')",
        r"libGL.so.1.* run: pip uninstall -y [\w-]+; pip install opencv-contrib-python-headless",
    ),
    "too old": (
        "imdecode, __version__ = print, '4.9.0'",
        r"OpenCV 4.9.0 is too old for lpr; run: pip install -U [\w-]+",
    ),
}


@pytest.mark.parametrize(("code", "words"), BROKEN.values(), ids=BROKEN)
def test_the_command_names_the_fault_and_the_way_out(tmp_path: Path, code: str, words: str) -> None:
    (tmp_path / "cv2.py").write_text(code, encoding="utf-8")
    result = lpr("detect", "car.jpg", PYTHONPATH=str(tmp_path))
    assert result.status == 1
    assert re.fullmatch(f"lpr: .*{words}.*\n", result.stderr)


def test_a_program_gets_an_import_error(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('No module named cv2')", encoding="utf-8")
    # Without the environment's packages, no distribution of OpenCV is installed either.
    command = [sys.executable, "-S", "-c", "import lpr.utils.startup"]
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[1])])
    run = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ImportError: lpr needs OpenCV, and it is not installed; run: pip install" in run.stderr


def test_the_distribution_that_is_here_is_the_one_to_mend() -> None:
    here = installed_opencv()
    assert {each.split()[0] for each in here} <= set(DISTRIBUTIONS)
    assert mending(["opencv-python 4.13"]).endswith(" opencv-python")
    assert mending([]).endswith(f" {DISTRIBUTIONS[0]}")


def test_an_animation_names_the_opencv_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gif = tmp_path / "moving.gif"
    gif.write_bytes(_GIF)
    monkeypatch.delattr(cv2, "imdecodeanimation")  # as in 4.10 and 4.11
    with pytest.raises(SourceError, match=r"moving\.gif: an animation needs OpenCV 4\.12 or later"):
        list(open_source(str(gif)))


# Two frames of one pixel each.
_FRAME = bytes.fromhex("21f904000a000000 2c0000000001000100 0002024401 00".replace(" ", ""))
_GIF = b"GIF89a\x01\0\x01\0\x80\0\0" + bytes([0, 0, 0, 255, 255, 255]) + 2 * _FRAME + b";"
