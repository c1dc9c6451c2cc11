"""Arguments of the wrong type or range: an error at once, of the right kind, that names them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lpr
from lpr.reader import Reader
from tests.cli.run import SAMPLES

PICTURE = np.zeros((40, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"threshold": "0.5"}, "threshold has to be a number, not '0.5'"),
        ({"threads": 1.5}, "threads has to be a whole number, not 1.5"),
        ({"threads": True}, "threads has to be a whole number, not True"),
        ({"detector_size": 320}, "detector_size has to be a pair, not 320"),
        ({"detector_size": (320,)}, "detector_size has to be a pair"),
        ({"detector_size": (320.5, 96)}, "width of detector_size has to be a whole number"),
        ({"min_confidence": "x"}, "min_confidence has to be a number"),
        ({"max_error": []}, "max_error has to be a number"),
        ({"regions": 5}, "regions has to be a sequence of codes"),
        ({"regions": ["tw", 5]}, "each of regions has to be a str, not 5"),
        ({"device": "0"}, "device has to be a whole number"),
        ({"backend": None}, "backend has to be a text"),
        ({"recognizer": 5}, "recognizer has to be a name"),
        ({"model": None}, "model has to be the name or folder of a model"),
        ({"video": 1}, "video has to be True or False"),
    ],
)
def test_load_names_the_argument(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError) as error:
        lpr.load(**arguments)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"threads": "2"}, "threads has to be a whole number"),
        ({"every": "x"}, "every has to be a whole number"),
        ({"min_reads": 1.5}, "min_reads has to be a whole number"),
        ({"early": "no"}, "early has to be True or False"),
        ({"return_after": "1"}, "return_after has to be a number"),
        ({"roi": 5}, "roi has to be a text or several"),
        ({"stall": None}, "stall has to be a number"),
    ],
)
def test_watch_names_the_argument(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError) as error:
        next(lpr.watch(SAMPLES / "street.mp4", **arguments))
    assert words in str(error.value)


@pytest.fixture(scope="module")
def reader() -> Any:
    with lpr.load() as opened:
        yield opened


def test_what_is_no_picture_is_refused(reader: Reader) -> None:
    for nothing in (None, 5, [1, 2]):
        with pytest.raises(TypeError, match="a picture has to be a uint8 array"):
            reader.read(nothing)  # type: ignore[arg-type]
    for images in (None, "car.jpg", b"car", PICTURE, PICTURE[..., 0]):
        with pytest.raises(TypeError, match="images has to be a sequence of pictures"):
            reader.read_batch(images)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="each of crops has to be a Crop"):
        reader.recognize([PICTURE])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="threshold has to be a number"):
        reader.find(PICTURE, "0.5")  # type: ignore[arg-type]
    with pytest.raises(lpr.SourceError, match="no such file"):
        reader.read("none.jpg")


def test_annotate_names_the_argument() -> None:
    with pytest.raises(TypeError, match="a picture has to be a uint8 array, not NoneType"):
        lpr.annotate(None, [])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="plates has to be a sequence of Plates"):
        lpr.annotate(PICTURE, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="each of plates has to be a Plate"):
        lpr.annotate(PICTURE, [1])  # type: ignore[list-item]


def test_a_closed_reader_says_so_and_blames_nobody() -> None:
    reader = lpr.load()
    reader.close()
    for call in (reader.read, reader.read_best, reader.find):
        with pytest.raises(ValueError, match="the reader is closed"):
            call(PICTURE)
    with pytest.raises(ValueError, match="the reader is closed"):
        reader.recognize([])
