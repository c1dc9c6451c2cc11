from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lpr_tesseract", reason="lpr-tesseract is not installed")

import lpr
import lpr_tesseract
from lpr.errors import BackendError
from lpr.models import load_model
from lpr.testing import check_recognizer_runtime
from lpr_tesseract import (
    BORDER,
    HEIGHT,
    WIDEST,
    TesseractReader,
    TesseractRuntime,
    as_reading,
    prepare,
)

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
installed = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="the program is not here: apt install tesseract-ocr"
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What opening the runtime sets for the program is undone."""
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@installed
def test_conformance() -> None:
    check_recognizer_runtime(TesseractRuntime(), load_model().recognizer)


@installed
def test_it_reads_black_letters_on_white() -> None:
    import cv2

    plate = np.full((64, 260, 3), 255, np.uint8)
    cv2.putText(plate, "MKL 7392", (16, 46), cv2.FONT_HERSHEY_DUPLEX, 1.4, (0, 0, 0), 3)
    reading = TesseractReader().read_one(plate)
    assert reading.text == "MKL7392"
    assert reading.confidence > 0.5


def test_words_become_a_reading() -> None:
    words = {"text": ["", "ab-c", "·", "12"], "conf": [-1, 90, 80.5, 40]}
    assert as_reading(words) == lpr.Reading("ABC12", 0.4)
    assert as_reading({"text": [], "conf": []}) == lpr.Reading("", 0.0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (20, 60), (300, 900)])
def test_any_plate_becomes_a_picture_of_bearable_size(shape: tuple[int, int]) -> None:
    picture = prepare(np.zeros((*shape, 3), np.uint8))
    assert picture.dtype == np.uint8
    assert picture.shape[0] == HEIGHT + 2 * BORDER
    assert picture.shape[1] <= WIDEST * HEIGHT + 2 * BORDER
    assert (picture[0] == 255).all()


# pytesseract asks for the version first.
ANSWERS = '#!/bin/sh\n[ "$1" = --version ] && echo "tesseract 5.3.0" && exit 0\n'


def test_a_program_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"{ANSWERS}echo 'no such language' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(BackendError, match=r"tesseract failed: .*no such language"):
        TesseractReader().read_one(np.zeros((20, 60, 3), np.uint8))


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"{ANSWERS}exec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(lpr_tesseract, "TIMEOUT", 1)
    with pytest.raises(BackendError, match="timeout"):
        TesseractReader().read_one(np.zeros((20, 60, 3), np.uint8))


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    problem = TesseractRuntime().problem()
    assert problem is not None
    assert "apt install tesseract-ocr" in problem
    monkeypatch.setattr(lpr_tesseract, "find_spec", lambda name: None)
    problem = TesseractRuntime().problem()
    assert problem is not None
    assert "pip install pytesseract" in problem
