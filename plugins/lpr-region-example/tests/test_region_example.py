from __future__ import annotations

import pytest

pytest.importorskip("lpr_region_example", reason="lpr-region-example is not installed")

import lpr
from lpr.testing import check_region
from lpr_region_example import ARGENTINA
from tests.samples import CTC_SPEC, logits_of


def test_it_keeps_what_lpr_relies_on() -> None:
    check_region(ARGENTINA)


@pytest.mark.parametrize(
    ("text", "display"), [("ABC123", "ABC 123"), ("AB123CD", "AB 123 CD"), ("1234ABC", None)]
)
def test_both_generations_are_known(text: str, display: str | None) -> None:
    assert ARGENTINA.display(text) == display


def test_it_decides_between_doubtful_readings() -> None:
    from lpr.recognition.ctc_decoder import Decoder

    logits = logits_of("A_B_C_1_0_2")
    logits[0, 6, CTC_SPEC.alphabet.index("I")] = 12.5
    assert Decoder(CTC_SPEC, [], grammar_odds=30)(logits)[0].text == "ABCI02"
    (reading,) = Decoder(CTC_SPEC, [ARGENTINA], grammar_odds=30)(logits)
    assert reading.text == "ABC102"


def test_it_is_plugged_in() -> None:
    with lpr.load(regions=["ar", "tw"]) as reader:
        assert [region.code for region in reader.regions] == ["ar", "tw"]
