from __future__ import annotations

import pytest

pytest.importorskip("lpr_region_example", reason="lpr-region-example is not installed")

import lpr
from lpr.testing import check_region
from lpr_region_example import BRAZIL
from tests.samples import CTC_SPEC, logits_of


def test_it_keeps_what_lpr_relies_on() -> None:
    check_region(BRAZIL)


@pytest.mark.parametrize(
    ("text", "display"), [("ABC1234", "ABC-1234"), ("ABC1D23", "ABC1D23"), ("1234ABC", None)]
)
def test_both_generations_are_known(text: str, display: str | None) -> None:
    assert BRAZIL.display(text) == display


def test_it_decides_between_doubtful_readings() -> None:
    from lpr.decode import Decoder

    logits = logits_of("A_B_C_1_0_2_3")
    logits[0, 8, CTC_SPEC.alphabet.index("D")] = 11.0
    assert Decoder(CTC_SPEC, [], odds=30)(logits)[0].text == "ABC1023"
    logits[0, 6, CTC_SPEC.alphabet.index("I")] = 12.5
    (reading,) = Decoder(CTC_SPEC, [BRAZIL], odds=30)(logits)
    assert reading.text == "ABC1023"


def test_it_is_plugged_in() -> None:
    with lpr.load(regions=["br", "tw"]) as reader:
        assert [region.code for region in reader.regions] == ["br", "tw"]
