"""What the plate looks like weighs in the choice between texts."""

from __future__ import annotations

import numpy as np
import pytest

from lpr.recognition.ctc_decoder import Decoder
from lpr.regions.brazil import BRAZIL
from lpr.regions.europe import EUROPE
from lpr.regions.taiwan import TAIWAN
from lpr.specs import CtcSpec
from lpr.specs.plate_attributes import REGION, REGIONS
from lpr.types import Float32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SPEC = CtcSpec(ALPHABET, 36, 128, 64, channels="rgb", dropped_steps=1, summary=True)


def logits(text: str, other: str, share: float, region: str, certainty: float) -> Float32:
    """Logits that read ``text``, whose first character is ``other`` with ``share``; the plate looks
    like one of ``region`` with ``certainty``."""
    out = np.full((1, 1 + 2 * len(text), 37), -20, np.float32)
    for n, char in enumerate(text):
        out[0, 1 + 2 * n, ALPHABET.index(char)] = 0
        out[0, 2 + 2 * n, 36] = 0
    out[0, 1, ALPHABET.index(text[0])] = np.log(1 - share)
    out[0, 1, ALPHABET.index(other)] = np.log(share)
    rest = (1 - certainty) / (len(REGIONS) - 1)
    out[0, 0, REGION] = [np.log(certainty if each == region else rest) for each in REGIONS]
    return out


@pytest.mark.parametrize(
    ("region", "share", "text"),
    [
        ("br", 0.3, "OKK7448"),
        ("br", 0.08, "OKK7448"),  # although the network is certain of the 0
        ("eu", 0.3, "0KK7448"),  # a legal text there, so the likelier character stays
        ("br", 0.001, "0KK7448"),  # the pixels are clear
    ],
)
def test_the_region_decides_between_texts_that_fit_different_ones(
    region: str, share: float, text: str
) -> None:
    decode = Decoder(SPEC, [TAIWAN, EUROPE, BRAZIL], 30)
    reading = decode(logits("0KK7448", "O", share, region, 0.9))[0]
    assert reading.text == text
    assert 0 < reading.confidence <= 1
    assert [c.char for c in reading.characters] == list(text)


def test_an_uncertain_region_leaves_the_likelier_text() -> None:
    decode = Decoder(SPEC, [EUROPE, BRAZIL], 30)
    assert decode(logits("0KK7448", "O", 0.3, "br", 0.2))[0].text == "0KK7448"


def test_one_region_leaves_nothing_to_weigh() -> None:
    decode = Decoder(SPEC, [EUROPE], 30)
    assert decode(logits("0KK7448", "O", 0.3, "br", 0.99))[0].text == "0KK7448"
