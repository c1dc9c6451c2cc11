"""The requirements of a region."""

from __future__ import annotations

import re
from string import ascii_uppercase

from lpr.regions import Region


def check_region(region: Region) -> None:
    """Check for a short lower-case code, and formats that accept and display their own texts."""
    assert isinstance(region, Region), f"{region!r} is no lpr.regions.Region"
    assert re.fullmatch("[a-z]{2,8}", region.code), f"code {region.code!r}: use 2 to 8 of a-z"
    assert region.code != "any", "code 'any': stands for all regions; choose another"
    assert region.name, "the region has no name"
    assert region.formats, "a region needs a format"
    for format in region.formats:
        assert format.legal, f"{format.pattern!r} holds neither A nor 9"
        strange = set(format.letters) - set(ascii_uppercase)
        assert format.letters, f"{format.pattern!r} has no letters"
        assert not strange, f"{format.pattern!r} has the letters {format.letters!r}; use A-Z"
        small = sorted(symbol for symbol in format.pattern if symbol.isalnum() and symbol.islower())
        assert not small, (
            f"{format.pattern!r} holds {small[0]!r}; A stands for a letter, 9 for a digit"
        )
        places = sum(symbol in "A9" for symbol in format.pattern)
        assert len(format.narrow) <= places, f"{format.pattern!r} narrows more than it has places"
        assert format.description, f"{format.pattern!r} has no description"
        for pick in (0, -1):
            branch = sorted(format.branches)[pick]
            text = "".join(choices[pick] for choices in branch)
            display = format.display(text)
            assert display is not None, f"{format.pattern!r} does not fit its own text {text}"
            kept = "".join(c for c in display if c.isascii() and c.isalnum())
            assert kept == text, f"{format.pattern!r} displays {text} as {display!r}"
            assert region.display(text) is not None
    assert region.display("") is None, "an empty text is no plate"
    patterns = [(format.pattern, format.legal, format.words) for format in region.formats]
    assert len(set(patterns)) == len(patterns), "a pattern is there twice"
