from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.plugins.builtin import lpr_regions
from lpr.regions import Format, Grammar, Region, match
from lpr.regions.region import identify
from lpr.testing import check_region
from tests.regions.test_grammar import ALPHABET, accepts

REGIONS = tuple(lpr_regions())
EVERY = [(region, form) for region in REGIONS for form in region.formats]


def texts(form: Format) -> st.SearchStrategy[str]:
    branches = st.sampled_from(sorted(form.branches))
    return branches.flatmap(lambda places: st.tuples(*map(st.sampled_from, places))).map("".join)


# By number: a failing example shows a format of hundreds of words otherwise.
FORMAT_AND_TEXT = st.integers(0, len(EVERY) - 1).flatmap(
    lambda number: st.tuples(*map(st.just, EVERY[number]), texts(EVERY[number][1]))
)


@given(FORMAT_AND_TEXT)
def test_every_format_writes_its_own_texts_and_gives_them_back(
    drawn: tuple[Region, Format, str],
) -> None:
    region, form, text = drawn
    display = form.display(text)
    assert display is not None
    assert "".join(c for c in display if c.isalnum()) == text
    shape = "".join(
        "A" if c.isalpha() and symbol == "A" else "9" if c.isdigit() and symbol == "9" else c
        for c, symbol in zip(display, form.pattern, strict=True)
    )
    assert shape == form.pattern
    assert region.display(text) is not None


@given(st.one_of(
    FORMAT_AND_TEXT.map(lambda drawn: drawn[2]),
    FORMAT_AND_TEXT.map(lambda drawn: drawn[2][::-1]),
    st.text(alphabet=ALPHABET, max_size=9),
))  # fmt: skip
def test_the_automaton_takes_just_the_texts_that_have_a_display(text: str) -> None:
    for regions in ((region,) for region in REGIONS):
        fits = regions[0].display(text) is not None
        assert accepts(Grammar.of(regions, ALPHABET), text) == fits
    fits = any(region.display(text) is not None for region in REGIONS)
    assert accepts(Grammar.of(REGIONS, ALPHABET), text) == fits


@given(FORMAT_AND_TEXT, st.permutations(REGIONS))
def test_the_first_region_that_fits_counts(
    drawn: tuple[Region, Format, str], regions: list[Region]
) -> None:
    text = drawn[2]
    found = match(text, regions)
    assert found is not None
    first = next(region for region in regions if region.display(text) is not None)
    assert found.region is first
    assert found.display == found.format.display(text) == first.display(text)
    assert identify(text, regions) == (first.code, found.display)


def test_what_fits_nothing_is_matched_by_nothing() -> None:
    assert match("ABCDEFGHI", REGIONS) is None
    assert match("", REGIONS) is None
    assert match("ABC1234", []) is None


def test_the_automaton_is_made_once_and_cannot_be_changed() -> None:
    grammar = Grammar.of(REGIONS, ALPHABET)
    assert Grammar.of(list(REGIONS), ALPHABET) is grammar
    with pytest.raises(ValueError, match="read-only"):
        grammar.transitions[0, 0] = 1


@pytest.mark.parametrize(
    ("code", "text", "display", "description"),
    [
        ("eu", "MAB1234", "M-AB 1234", "Germany"),
        ("eu", "BNOX123", "BN-OX 123", "Germany"),
        ("eu", "QFTX123", "QFT-X 123", "Germany; Hungary since 2022, Slovenia, Montenegro"),
        ("eu", "HHAB123E", "HH-AB 123E", "Germany, electric"),
        ("eu", "HHAB12E", "HH-AB 12E", "Germany, electric"),
        ("eu", "HHAB12H", "HH-AB 12H", "Germany, vintage"),
        ("eu", "AB123CD", "AB-123-CD", "France"),
        ("eu", "1234BCD", "1234 BCD", "Spain"),
        ("eu", "C1234BCD", "C 1234 BCD", "Spain, mopeds"),
        ("eu", "AB12CDE", "AB12 CDE", "Great Britain"),
        ("eu", "1ABC234", "1-ABC-234", "Belgium"),
        ("eu", "ZH123456", "ZH 123456", "Switzerland"),
        ("eu", "B123ABC", "B123 ABC", "Great Britain"),
        ("eu", "34ABC123", "34 ABC 123", "Turkey"),
        ("eu", "131D12345", "131-D-12345", "Ireland"),
        ("eu", "1AB2345", "1AB 2345", "Czechia"),
        ("us", "7ABC123", "7ABC123", "California"),
        ("us", "12345A6", "12345A6", "California, trucks"),
        ("us", "ILUVNY", None, None),
        ("br", "ABC1D23", "ABC1D23", "Mercosul"),
        ("vn", "59X112345", "59-X1 123.45", "motorcycles"),
        ("vn", "05A12345", None, None),
        ("vn", "TM1234", "TM-12-34", "army"),
        ("vn", "80011NG12", "80-011-NG-12", "diplomats"),
        ("tw", "12345", None, None),
    ],
)
def test_plates_are_written_as_their_country_does(
    code: str, text: str, display: str | None, description: str | None
) -> None:
    region = next(region for region in REGIONS if region.code == code)
    found = region.match(text)
    assert (found and found.display) == display
    assert found is None or str(description) in found.format.description


def test_places_may_hold_fewer_characters_than_the_pattern_says() -> None:
    form = Format("AA-99", "electric", letters="ABE", narrow=("E", "", "12"))
    assert form.display("EB19") == "EB-19"
    assert [form.display(text) for text in ("BB19", "EC19", "EB99")] == [None] * 3


def test_the_suite_refuses_places_that_are_not_there() -> None:
    region = Region("xx", "x", (Format("A9", "y", narrow=("A", "1", "2")),))
    with pytest.raises(AssertionError, match="narrows more than it has places"):
        check_region(region)


@pytest.mark.parametrize("region", [r for r in REGIONS if r.code != "tw"], ids=lambda r: r.code)
def test_no_format_hides_behind_those_before_it(region: Region) -> None:
    for number, form in enumerate(region.formats):
        others = [
            other.legal for other in region.formats[:number] if not (other.words or other.rare)
        ]
        hidden = any(
            len(other) == len(form.legal)
            and all(set(own) <= set(wide) for own, wide in zip(form.legal, other, strict=True))
            for other in others
        )
        assert not hidden, f"{form.pattern} ({form.description})"


WORDS = Format("AA-A 99", "words", words=((0, ("BN", "HH")),))


def test_words_are_legal_together_only() -> None:
    assert WORDS.display("BNX12") == "BN-X 12"
    assert WORDS.display("HHX12") == "HH-X 12"
    assert WORDS.display("BHX12") is None
    grammar = Grammar.of([Region("xx", "words", (WORDS,))], ALPHABET)
    assert accepts(grammar, "BNX12")
    assert not accepts(grammar, "BHX12")


def test_a_rare_format_counts_where_no_other_fits() -> None:
    open_ = Format("A-AA 99", "rare", rare=True)
    region = Region("xx", "words", (open_, WORDS))
    assert region.display("BNX12") == "BN-X 12"
    assert region.display("BXX12") == "B-XX 12"


def test_listed_districts_separate_german_plates() -> None:
    europe = next(region for region in REGIONS if region.code == "eu")
    # There is a B but no BX, a PB and a P, an HAM and an HA.
    certain, open_, four = (europe.match(text) for text in ("BXA1234", "PBA1234", "HAMA123"))
    assert certain is not None
    assert (certain.display, certain.guessed) == ("B-XA 1234", False)
    assert open_ is not None
    assert open_.guessed
    assert four is not None
    assert four.guessed


@pytest.mark.parametrize(
    "words", [((0, ()),), ((0, ("B", "HH")),), ((1, ("9X",)),), ((4, ("12",)),), ((0, ("",)),)]
)
def test_words_that_the_pattern_does_not_allow_are_refused(
    words: tuple[tuple[int, tuple[str, ...]], ...],
) -> None:
    with pytest.raises(ValueError, match="AA-A 99"):
        Format("AA-A 99", "words", words=words)
