from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import pytest

pytest.importorskip("lpr_rapidocr", reason="lpr-rapidocr is not installed")
pytest.importorskip("rapidocr", reason="pip install --no-deps rapidocr")

import lpr
import lpr_rapidocr
from lpr.models import load_model
from lpr.testing import check_recognizer_runtime
from lpr_rapidocr import RapidOcrReader, RapidOcrRuntime, as_reading

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


def test_conformance() -> None:
    check_recognizer_runtime(RapidOcrRuntime(), load_model().recognizer)


def test_it_reads_a_plate_that_lpr_found() -> None:
    with lpr.load(recognizer="rapidocr") as reader:
        (plate,) = reader.read(cv2.imread(str(SAMPLES / "car.jpg")))
    assert plate.text == "BGT6175"
    assert len(plate.reading.characters) == 7
    assert plate.confidence > 0.9


def test_a_line_becomes_a_reading() -> None:
    reading = as_reading("ab·1-é", 0.8, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert reading.text == "AB1"
    assert [(c.char, c.confidence) for c in reading.characters] == [
        ("A", 0.9),
        ("B", 0.8),
        ("1", 0.6),
    ]
    assert reading.confidence == 0.8


def test_confidences_that_do_not_fit_are_left_out() -> None:
    assert as_reading("AB1", 1.2, [0.9]) == lpr.Reading("AB1", 1.0)


def test_a_line_without_letters_or_digits_is_no_text() -> None:
    assert as_reading("·-", 0.9, [0.9, 0.9]) == lpr.Reading("", 0.0)


def test_a_closed_reader_says_so() -> None:
    reader = RapidOcrReader()
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read_one(cv2.imread(str(SAMPLES / "car.jpg")))


@pytest.mark.parametrize("missing", ["rapidocr", "onnxruntime"])
def test_what_is_missing_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> object:
        return None if name == missing else importlib.util.find_spec(name)

    monkeypatch.setattr(lpr_rapidocr, "find_spec", find)
    problem = RapidOcrRuntime().problem()
    assert problem is not None
    assert f"pip install --no-deps {missing}" in problem
