from __future__ import annotations

import numpy as np
import pytest

from lpr.recognition.ctc_decoder import Decoder
from lpr.regions.taiwan import TAIWAN
from lpr.types import Float32
from tests.samples import ALPHABET, CTC_SPEC, logits_of


def doubtful(path: str, step: int, other: str, behind: float) -> Float32:
    """Logits that spell ``path``, where ``other`` comes close to its character at ``step``."""
    logits = logits_of(path)
    logits[0, step, ALPHABET.index(other)] = 12 - behind
    return logits


def test_a_doubtful_character_is_read_as_the_formats_have_it() -> None:
    logits = doubtful("T_0_7_K_V_S", 0, "1", behind=2)
    (reading,) = Decoder(CTC_SPEC, [TAIWAN], grammar_odds=30)(logits)
    assert reading.text == "107KVS"
    assert "".join(c.char for c in reading.characters) == "107KVS"
    assert reading.characters[0].confidence == pytest.approx(1 / (1 + np.exp(2)), abs=1e-3)
    assert reading.alternatives[0].text == "T07KVS"
    assert reading.alternatives[0].confidence > reading.characters[0].confidence


@pytest.mark.parametrize(
    ("regions", "odds", "behind"), [([TAIWAN], 30, 5), ([TAIWAN], 1, 2), ([], 30, 2)]
)
def test_what_is_certain_stays_as_it_is(regions: list, odds: float, behind: float) -> None:
    logits = doubtful("T_0_7_K_V_S", 0, "1", behind)
    (reading,) = Decoder(CTC_SPEC, regions, odds)(logits)
    assert reading.text == "T07KVS"


def test_a_doubtful_reading_comes_with_the_likeliest_others() -> None:
    logits = doubtful("A_B_C_1_2_3_4", 4, "G", behind=1)
    (reading,) = Decoder(CTC_SPEC, [TAIWAN], grammar_odds=1)(logits)
    assert (reading.text, reading.alternatives[0].text) == ("ABC1234", "ABG1234")
    assert reading.alternatives[0].confidence == pytest.approx(1 / (1 + np.e), abs=0.01)
    confidences = [other.confidence for other in reading.alternatives]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) + reading.characters[2].confidence <= 1.0001
    (certain,) = Decoder(CTC_SPEC, [TAIWAN], grammar_odds=1)(logits_of("A_B_C_1_2_3_4"))
    assert not certain.alternatives


def test_legal_texts_and_empty_ones_are_left_alone() -> None:
    logits = np.concatenate([doubtful("A_B_C_1_2_3_4", 0, "1", 1), logits_of("_____________")])
    decode = Decoder(CTC_SPEC, [TAIWAN], grammar_odds=1e6)
    assert [reading.text for reading in decode(logits)] == ["ABC1234", ""]


def test_odds_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="grammar_odds"):
        Decoder(CTC_SPEC, [TAIWAN], grammar_odds=0.5)
