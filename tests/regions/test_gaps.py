"""Where a text is separated if its letters do not tell."""

from __future__ import annotations

import pytest

from lpr.regions import match
from lpr.regions.brazil import BRAZIL
from lpr.regions.europe import EUROPE

# Distances between the characters of BNO1234, in pitches.
AFTER_B = (1.9, 1.0, 1.5, 1, 1, 1)
AFTER_BN = (1.0, 1.9, 1.5, 1, 1, 1)


@pytest.mark.parametrize(
    ("gaps", "display", "guessed"),
    [
        (AFTER_B, "B-NO 1234", False),
        (AFTER_BN, "BN-O 1234", False),
        ((), None, True),
        ((1.5, 1.5, 1.5, 1, 1, 1), None, True),
        ((1.9, 1.0), None, True),  # not the gaps of this text
    ],
)
def test_the_widest_gap_separates_a_german_plate(
    gaps: tuple[float, ...], display: str | None, guessed: bool
) -> None:
    found = match("BNO1234", [EUROPE], gaps)
    assert found is not None
    usual = match("BNO1234", [EUROPE])
    assert usual is not None
    assert (found.display, found.guessed) == (display or usual.display, guessed)


def test_a_text_of_one_shape_is_not_guessed() -> None:
    for text, region in (("ABC1234", BRAZIL), ("AB123CD", EUROPE)):
        plain, with_gaps = match(text, [region]), match(text, [region], (1.0,) * (len(text) - 1))
        assert plain == with_gaps
        assert plain is not None
        assert not plain.guessed
