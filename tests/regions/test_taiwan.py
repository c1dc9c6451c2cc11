from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.regions import Format, Region
from lpr.regions.region import identify
from lpr.regions.taiwan import TAIWAN
from lpr.testing import check_region


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("ABC1234", "ABC-1234"),
        ("EME7268", "EME-7268"),
        ("MWF6350", "MWF-6350"),
        ("NHI891", "NHI-891"),
        ("617HZP", "617-HZP"),
        ("4685QL", "4685-QL"),
        ("AB1234", "AB-1234"),
        ("5897G7", "5897-G7"),
        ("A12345", "A1-2345"),
        ("2F2233", "2F-2233"),
        ("12345F", "1234-5F"),
        ("H8S106", "H8S-106"),
        ("FA2233", "FA-2233"),
        ("FAA233", "FAA-233"),
        ("2GN090", "2GN-090"),
        ("99A123", "99A-123"),
        ("FA223", "FA-223"),
        ("223FA", "223-FA"),
        ("FA23", "FA-23"),
        ("23FA", "23-FA"),
    ],
)
def test_texts_are_displayed_as_on_the_plate(text: str, display: str) -> None:
    assert TAIWAN.display(text) == display


@pytest.mark.parametrize(
    "text", ["", "A", "1234567", "ABCDEFG", "ABC12345", "1234ABC", "12", "123456", "ABCDEF", "A1"]
)
def test_what_no_plate_looks_like_has_no_display(text: str) -> None:
    assert TAIWAN.display(text) is None


@given(st.sampled_from(TAIWAN.formats).flatmap(
    lambda f: st.tuples(*(st.sampled_from(choices) for choices in f.legal)).map("".join)
))  # fmt: skip
def test_every_text_of_a_format_is_displayed_with_one_separator(text: str) -> None:
    display = TAIWAN.display(text)
    assert display is not None
    assert display.replace("-", "") == text
    assert display.count("-") == 1


def test_a_text_is_identified_as_taiwanese() -> None:
    assert identify("MPE3729", [TAIWAN]) == ("tw", "MPE-3729")


@pytest.mark.parametrize("text", ["AB1234", "A12345", "1A2345", "1234AB"])
def test_a_text_of_cars_and_motorcycles_is_displayed_as_a_car_has_it(text: str) -> None:
    fitting = [display for f in TAIWAN.formats if (display := f.display(text)) is not None]
    assert len(fitting) == 2
    display = TAIWAN.display(text)
    assert display is not None
    assert max(map(len, display.split("-"))) == 4


def test_no_format_is_listed_twice() -> None:
    patterns = [f.pattern for f in TAIWAN.formats]
    assert len(set(patterns)) == len(patterns)


def test_it_keeps_what_lpr_relies_on() -> None:
    check_region(TAIWAN)


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (Region("XX", "x", (Format("A9", "y"),)), "use 2 to 8 of a-z"),
        (Region("xx", "", (Format("A9", "y"),)), "no name"),
        (Region("xx", "x", ()), "needs a format"),
        (Region("xx", "x", (Format("--", "y"),)), "neither A nor 9"),
        (Region("xx", "x", (Format("A9", ""),)), "has no description"),
        (Region("xx", "x", (Format("A9", "y"), Format("A9", "z"))), "twice"),
        (Region("xx", "x", (Format("XA", "y"),)), "displays A as 'XA'"),
    ],
)
def test_the_suite_finds_what_is_wrong_with_a_region(region: Region, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_region(region)
