"""Half plates, noise, and characters that no network knows: doubtful, and said to be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lpr
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.detection.tiling import TiledDetector, Tiles
from lpr.reader import Reader
from lpr.recognition.ctc_reader import CtcReader
from lpr.recognition.doubts import CUT_CONFIDENCE, CUT_LINE_CONFIDENCE, as_cut
from lpr.regions.taiwan import TAIWAN
from lpr.types import Appearance, Box, Crop, Image, Reading
from lpr.utils.geometry import sides_beyond, touched_sides
from tests.samples import DETECTOR_SPEC, FixedLogits, FixedNetwork, FixedText, grey, head_with

SAMPLES = Path(__file__).parents[1] / "samples"
HEAD = Head(((24.0, 12.0),), classes=1)
INNER, EDGE = (1, 1), (1, 0)
"""Cells of a plate of 24 x 12 pixels in a picture of 64 x 64, inside it and cut on the left."""


def appearance(plate: float = 1.0, lines: int = 1) -> Appearance:
    return Appearance("white", "black", lines, "tw", 1.0, plate)


def reader(reading: Reading, cell: tuple[int, int] = INNER, score: float = 9.0, **options: object):  # type: ignore[no-untyped-def]
    network = FixedNetwork(head_with((*cell, (-9.0 if cell == EDGE else 0, 0, 0, 0, score, 9.0))))
    text = FixedText()
    text.reading = reading
    detector = Detector(network, [HEAD], DETECTOR_SPEC)
    return Reader(detector, text, [TAIWAN], **options)  # type: ignore[arg-type]


DEFAULT = {"min_confidence": 0.1, "accept_threshold": 0.9, "reading_floor": 0.05}


@pytest.fixture(scope="module")
def shipped() -> Iterator[Reader]:
    with lpr.load(backend="cpu") as reader:
        yield reader


def sample(name: str) -> tuple[Image, Box, str]:
    (plate,) = json.loads((SAMPLES / "stills.json").read_text(encoding="utf-8"))["stills"][name]
    image = cv2.imread(str(SAMPLES / name))
    assert image is not None
    return np.asarray(image, np.uint8), Box(*plate["box"]), plate["text"]


def cut_picture(image: Image, box: Box, side: str, share: float) -> Image:
    """The picture cut so that ``share`` of the plate's width or height is lost at ``side``."""
    x, y = round(box.width * share), round(box.height * share)
    x0, y0, x1, y1 = map(round, box)
    return {
        "left": image[:, x0 + x :],
        "right": image[:, : x1 - x],
        "top": image[y0 + y :],
        "bottom": image[: y1 - y],
    }[side]


@pytest.mark.parametrize("name", ["car.jpg", "motorcycle.jpg"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("share", [0.2, 0.3, 0.4])
def test_half_a_plate_is_never_a_whole_one(
    shipped: Reader, name: str, side: str, share: float
) -> None:
    image, box, text = sample(name)
    for plate in shipped.read(cut_picture(image, box, side, share)):
        assert plate.cut == (side,)
        assert plate.doubts[0] == "cut"
        assert (plate.display, plate.region, plate.kind) == (None, None, None)
        assert plate.text != text
        assert plate.confidence <= 0.25


@pytest.mark.parametrize("side", ["top", "bottom"])
def test_a_line_without_its_top_or_bottom_is_cut_too(shipped: Reader, side: str) -> None:
    image, box, _ = sample("car.jpg")
    (plate,) = shipped.read(cut_picture(image, box, side, 0.25))
    assert plate.cut == (side,)
    assert plate.display is None
    assert plate.confidence <= 0.9


@pytest.mark.parametrize("name", ["car.jpg", "motorcycle.jpg"])
def test_whole_plates_are_not_cut(shipped: Reader, name: str) -> None:
    image, box, text = sample(name)
    (plate,) = shipped.read(image)
    assert (plate.text, plate.cut, plate.doubts) == (text, (), ())
    near = cut_picture(image, box, "left", -0.15)
    (plate,) = shipped.read(near)
    assert (plate.text, plate.cut) == (text, ())


def test_max_error_leaves_half_plates_out() -> None:
    image, box, _ = sample("car.jpg")
    for error in (0.05, 0.9):
        with lpr.load(backend="cpu", max_error=error) as careful:
            assert [plate.text for plate in careful.read(image)] == ["BGT6175"]
            assert careful.read(cut_picture(image, box, "right", 0.25)) == []


def test_no_format_is_forced_onto_what_is_left() -> None:
    """The network reads 0BC1234 and an O would be legal: only for a whole plate is it taken."""
    network = FixedLogits("__0_B_C_1_2_3_4")
    network_reader = CtcReader(network, [TAIWAN], grammar_odds=1e9)
    whole = Crop.whole(grey(20, 60))
    (legal,) = network_reader.read([whole])
    (left,) = network_reader.read([replace(whole, touches=("left",))])
    assert TAIWAN.display(legal.text)
    assert (left.text, left.cut) == ("0BC1234", ("left",))


def test_a_recognizer_without_corners_goes_by_the_box() -> None:
    (plate,) = reader(Reading("ABC1234", 0.99), EDGE).read(grey(64, 64))
    assert (plate.cut, plate.display, plate.confidence) == (("left",), None, CUT_CONFIDENCE)
    assert plate.as_dict()["cut"] == ["left"]
    assert plate.as_dict()["doubts"] == ["cut", "confidence"]
    (plate,) = reader(Reading("ABC1234", 0.99)).read(grey(64, 64))
    assert (plate.cut, plate.display, plate.confidence) == ((), "ABC-1234", 0.99)


def test_what_may_be_missing_bounds_the_confidence() -> None:
    line = Reading("ABC1234", 0.99, appearance=appearance())
    two = replace(line, appearance=appearance(lines=2))
    assert as_cut(line, ()).confidence == 0.99
    assert as_cut(line, ("top",)).confidence == CUT_LINE_CONFIDENCE
    assert as_cut(two, ("top",)).confidence == CUT_CONFIDENCE
    assert as_cut(line, ("left", "top")).confidence == CUT_CONFIDENCE
    assert as_cut(replace(line, confidence=0.1), ("left",)).confidence == 0.1


coordinate = st.floats(0, 1000)


@given(coordinate, coordinate, coordinate, coordinate)
def test_corners_never_cut_more_than_the_box_touches(
    a: float, b: float, c: float, d: float
) -> None:
    box = Box(min(a, b), min(c, d), max(a, b), max(c, d))
    touched = touched_sides(box, 1000, 1000)
    assert set(sides_beyond(box.quad, touched, 1000, 1000)) <= set(touched)
    assert touched_sides(Box(0, 0, 1000, 1000), 1000, 1000) == ("left", "top", "right", "bottom")
    assert touched_sides(Box(100, 100, 200, 150), 1000, 1000) == ()


def test_a_piece_that_a_tile_cuts_is_left_to_the_tile_that_shows_it_whole() -> None:
    """Every tile has a box near its left edge; only the one at the picture's own edge counts."""
    network = FixedNetwork(head_with((1, 0, (-1.5, 0, 0, 0, 9.0, 9.0))))
    tiled = TiledDetector(Detector(network, [HEAD], DETECTOR_SPEC), Tiles(2, 1))
    for detection in tiled.find([grey(64, 200)])[0]:
        assert detection.box.x0 < 20


def test_noise_is_not_given_out() -> None:
    noise = Reading("8F12", 0.01, appearance=appearance(plate=0.8))
    assert reader(noise, **DEFAULT).read(grey(64, 64)) == []
    (all_of_it,) = reader(noise, min_confidence=0.0).read(grey(64, 64))
    assert (all_of_it.text, all_of_it.doubts) == ("8F12", ("confidence",))


def test_an_unreadable_plate_is_found_without_a_text() -> None:
    blurred = Reading("663V9H", 0.01, appearance=appearance(plate=0.9999))
    (plate,) = reader(blurred, **DEFAULT).read(grey(64, 64))
    assert (plate.text, plate.display, plate.confidence) == ("", None, 0.0)
    assert reader(blurred, score=1.0, **DEFAULT).read(grey(64, 64)) == []


@pytest.mark.parametrize(
    ("text", "confidence", "given_out"),
    [("PACKIN", 0.36, False), ("PACKIN", 0.6, True), ("9", 0.91, False), ("W", 0.99, False)],
)
def test_lettering_needs_more(text: str, confidence: float, given_out: bool) -> None:
    """The detector does not accept it by itself."""
    lettering = Reading(text, confidence, appearance=appearance())
    found = reader(lettering, score=1.0, **DEFAULT).read(grey(64, 64))
    assert [plate.text for plate in found] == [text] * given_out
    for plate in found:
        assert "format" in plate.doubts
    accepted = reader(lettering, **DEFAULT).read(grey(64, 64))
    assert ["format" in plate.doubts for plate in accepted] == [True]


def test_without_formats_no_text_is_out_of_format() -> None:
    network = FixedNetwork(head_with((1, 1, (0, 0, 0, 0, 9.0, 9.0))))
    free = Reader(Detector(network, [HEAD], DETECTOR_SPEC), FixedText("9", 0.91), [], **DEFAULT)  # type: ignore[arg-type]
    assert [(p.text, p.doubts) for p in free.read(grey(64, 64))] == [("9", ())]


@pytest.mark.parametrize("text", ["B1234", "K12345", "A299"])
def test_a_letter_before_digits_may_be_a_character_that_nobody_knows(text: str) -> None:
    """Taiwan's trial, diplomatic and temporary plates."""
    (plate,) = reader(Reading(text, 0.95), **DEFAULT).read(grey(64, 64))
    assert plate.doubts == ("symbol",)
    careful = reader(Reading(text, 0.95), min_confidence=0.5, only_certain=True)
    assert careful.read(grey(64, 64)) == []


@pytest.mark.parametrize("text", ["ABC1234", "AB1234", "1234AB", "9A1234", "A1B234"])
def test_other_plates_of_taiwan_are_not_doubtful(text: str) -> None:
    (plate,) = reader(Reading(text, 0.95), **DEFAULT).read(grey(64, 64))
    assert plate.doubts == ()


def test_the_default_floor_is_what_the_pages_say() -> None:
    with lpr.load(backend="cpu") as usual:
        assert usual.reading_floor == 0.05
    with lpr.load(backend="cpu", min_confidence=0) as everything:
        assert (everything.reading_floor, everything.min_confidence) == (0.0, 0.0)
        assert everything.accept_threshold == math.inf
