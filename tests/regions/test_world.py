from __future__ import annotations

import pytest

import lpr
from lpr.errors import RegionError
from lpr.plugins.builtin import lpr_regions
from lpr.regions import Format, Grammar, Region
from lpr.regions.europe import EUROPE
from lpr.regions.taiwan import TAIWAN
from lpr.regions.united_states import UNITED_STATES
from lpr.regions.vietnam import VIETNAM
from lpr.testing import check_region
from tests.regions.test_grammar import ALPHABET, accepts

REGIONS = {region.code: region for region in lpr_regions()}


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS.keys())
def test_every_region_keeps_what_lpr_relies_on(region: Region) -> None:
    check_region(region)


@pytest.mark.parametrize(
    ("code", "text", "display"),
    [
        ("eu", "MAB1234", "M-AB 1234"),
        ("eu", "AB123CD", "AB-123-CD"),
        ("eu", "AB12CDE", "AB12 CDE"),
        ("eu", "1234BCD", "1234 BCD"),
        ("us", "7ABC123", "7ABC123"),
        ("us", "ABC1234", "ABC-1234"),
        ("br", "ABC1D23", "ABC1D23"),
        ("vn", "59X112345", "59-X1 123.45"),
        ("vn", "51F12345", "51F-123.45"),
        ("vn", "51W12345", None),
        ("tw", "HAA12", "HAA-12"),
        ("tw", "AIO1234", None),
    ],
)
def test_texts_are_displayed_as_people_write_them(
    code: str, text: str, display: str | None
) -> None:
    assert REGIONS[code].display(text) == display


@pytest.mark.parametrize(
    ("region", "text", "kind"),
    [
        (TAIWAN, "EAA1234", "electric"),
        (TAIWAN, "RAB1234", "rental"),
        (TAIWAN, "MAB1234", "motorcycle"),
        (TAIWAN, "HAA12", "trailer"),
        (TAIWAN, "1234AB", "car"),
        (VIETNAM, "59X112345", "motorcycle"),
        (UNITED_STATES, "ABC1234", None),
        (EUROPE, "", None),
    ],
)
def test_formats_and_first_letters_tell_the_vehicle(
    region: Region, text: str, kind: str | None
) -> None:
    assert region.kind_of(text) == kind


def test_letters_that_a_format_leaves_out_are_no_way_through_the_automaton() -> None:
    few = Region("xx", "Few", (Format("AA-9", "two of three letters", letters="BC"),))
    grammar = Grammar.of([few], ALPHABET)
    assert accepts(grammar, "BC1")
    assert not accepts(grammar, "BA1")


def test_any_region_is_all_of_them_once_the_models_own_first() -> None:
    with lpr.load(regions="any") as reader:
        codes = [region.code for region in reader.regions]
    assert codes[0] == "tw"
    assert set(REGIONS) <= set(codes)
    assert len(set(codes)) == len(codes)
    with lpr.load(regions="vn,any") as reader:
        assert [region.code for region in reader.regions][:2] == ["vn", "tw"]
    with pytest.raises(RegionError, match=r"no region 'zz': known are .*br, eu"):
        lpr.load(regions="zz")
