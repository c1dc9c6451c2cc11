from __future__ import annotations

import base64
import re

import cv2
import numpy as np

import lpr
from lpr.types import Box, Detection, Image, Plate, Reading
from tests.samples import grey
from tests.sinks.sample import plate


def pictures(html: str) -> list[Image]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [decoded(base64.b64decode(png)) for png in found]


def decoded(png: bytes) -> Image:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_the_picture_is_shown_with_its_plates_drawn() -> None:
    image = grey(48, 64)
    shown = decoded(lpr.Annotated(image, [plate()])._repr_png_())
    assert np.array_equal(shown, lpr.annotate(image, [plate()]))
    assert (image == 128).all()


def test_a_large_picture_is_shown_smaller() -> None:
    assert decoded(lpr.Annotated(grey(1000, 4000), [])._repr_png_()).shape == (240, 960, 3)


def test_a_row_for_each_plate_with_its_crop() -> None:
    html = lpr.Annotated(grey(48, 64), [plate(), plate("X9", None)])._repr_html_()
    assert html.count("<tr>") == 3
    for text in ("ABC-1234", "X9", "0.99", "0.94", "tw", "ABC1Z34"):
        assert text in html
    whole, *crops = pictures(html)
    assert whole.shape == (48, 64, 3)
    assert [crop.shape for crop in crops] == [(10, 39, 3)] * 2


def test_nothing_that_was_read_is_markup() -> None:
    box = Box(1, 1, 5, 5)
    named = Plate(Detection(box, box.quad, 0.9), Reading("A", 0.9), "<script>", "a&b")
    html = lpr.Annotated(grey(8, 8), [named])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "a&amp;b" in html


def test_a_picture_without_plates_says_so() -> None:
    html = lpr.Annotated(grey(8, 8), [])._repr_html_()
    assert "no plates" in html
    assert len(pictures(html)) == 1
