"""Readings with alternatives, against the sum over all paths of small networks' outputs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.plugins.builtin import lpr_regions
from lpr.recognition.ctc_decoder import DOUBTFUL, Decoder, greedy
from lpr.regions import Format, Region, match
from lpr.regions.taiwan import TAIWAN
from lpr.specs import CtcSpec
from lpr.types import Reading
from tests.kernels import oracles
from tests.properties import examples
from tests.samples import CTC_SPEC, logits_of

SMALL = Region("xx", "Small", (Format("A", "one"), Format("9A", "two"), Format("A-9", "two")))
LEAST = 1e-3


def check(reading: Reading) -> None:
    """What holds for every reading's alternatives."""
    texts = [other.text for other in reading.alternatives]
    confidences = [other.confidence for other in reading.alternatives]
    assert len(texts) <= 3
    assert len({*texts, reading.text}) == len(texts) + 1
    assert "" not in texts
    assert confidences == sorted(confidences, reverse=True)
    assert all(LEAST < confidence <= 1 for confidence in confidences)
    assert sum(confidences) <= 1 + 1e-9


@given(
    steps=st.integers(1, 3),
    dropped=st.integers(0, 2),
    blank=st.integers(0, 2),
    odds=st.sampled_from([1.0, 3.0, 1e6]),
    bound=st.booleans(),
    spread=st.sampled_from([1.0, 3.0]),
    seed=st.integers(0, 9999),
)
@examples(150)
def test_readings_are_what_all_paths_together_say(
    steps: int, dropped: int, blank: int, odds: float, bound: bool, spread: float, seed: int
) -> None:
    logits = np.random.default_rng(seed).normal(0, spread, (1, dropped + steps, 3))
    logits = logits.astype(np.float32)
    spec = CtcSpec("A1", blank, 64, 32, dropped_steps=dropped)
    letters = "A1"[:blank] + "_" + "A1"[blank:]
    texts = {
        "".join(letters[c] for c in classes): p
        for classes, p in oracles.ctc_texts(logits[0, dropped:], blank).items()
    }
    legal = {t: p for t, p in texts.items() if not bound or SMALL.display(t)}
    (path,) = greedy(logits, spec)
    (reading,) = Decoder(spec, [SMALL] if bound else [], odds)(logits)

    expected, pool = path.text, legal
    if path.text and path.text not in legal:
        pool = texts
        best = max(legal, key=lambda text: legal[text], default="")
        ratio = legal.get(best, 0) / max(texts.values())
        if ratio and abs(math.log(ratio * odds)) < 1e-6:
            return
        if odds > 1 and ratio * odds > 1:
            expected = best
    assert reading.text == expected

    check(reading)
    searched = path.text and (
        path.text not in legal or min(c.confidence for c in path.characters) < DOUBTFUL
    )
    others = [p for t, p in pool.items() if t not in ("", reading.text) and p > LEAST]
    likeliest = sorted(others, reverse=True)[:3] if searched else []
    found = [other.confidence for other in reading.alternatives]
    np.testing.assert_allclose(found, likeliest, rtol=1e-6)
    for other in reading.alternatives:
        assert pool[other.text] == pytest.approx(other.confidence, rel=1e-6)


@given(
    text=st.sampled_from(["ABC1234", "AB1234", "617HZP", "59X112345", "ABC1D23", "7ABC123"]),
    noise=st.sampled_from([2.0, 4.0, 6.0]),
    dropped=st.integers(0, 2),
    seed=st.integers(0, 9999),
)
@examples(60)
def test_nothing_legal_is_changed(text: str, noise: float, dropped: int, seed: int) -> None:
    spec = CtcSpec(CTC_SPEC.alphabet, CTC_SPEC.blank, 64, 32, dropped_steps=dropped)
    rng = np.random.default_rng(seed)
    logits = logits_of("_" * dropped + "_".join(text) + "____")
    logits += rng.normal(0, noise, logits.shape).astype(np.float32)
    logits[:, :dropped] = rng.normal(0, 50, logits[:, :dropped].shape)
    for regions in ([], [TAIWAN], lpr_regions()):
        (path,) = greedy(logits, spec)
        (reading,) = Decoder(spec, regions, 30)(logits)
        check(reading)
        if not regions or match(path.text, regions):
            assert (reading.text, reading.characters) == (path.text, path.characters)
            assert all(not regions or match(o.text, regions) for o in reading.alternatives)
        elif reading.text != path.text:
            assert match(reading.text, regions)


def test_what_is_legal_anywhere_stands_under_several_regions() -> None:
    logits = logits_of("5_9_X_1_1_2_3_4_5")
    logits[0, 0, CTC_SPEC.alphabet.index("S")] = 11.5
    for regions in (lpr_regions(), [TAIWAN, *lpr_regions()[1:]]):
        (reading,) = Decoder(CTC_SPEC, regions, 1e6)(logits)
        assert reading.text == "59X112345"
        assert match(reading.text, regions) is not None


def test_readings_of_one_batch_do_not_depend_on_each_other() -> None:
    rng = np.random.default_rng(4)
    logits = np.repeat(logits_of("_A_B_C_1_2_3_4_"), 12, axis=0)
    logits += rng.normal(0, 4, logits.shape).astype(np.float32)
    decode = Decoder(CTC_SPEC, [TAIWAN], 30)
    assert decode(logits) == [decode(logits[n : n + 1])[0] for n in range(len(logits))]


def test_a_thousand_steps_are_read_as_well() -> None:
    logits = logits_of("_" * 400 + "A" * 90 + "_B_C_1_2_3_4" + "_" * 500)
    logits[0, -1, CTC_SPEC.alphabet.index("7")] = 12.5
    (reading,) = Decoder(CTC_SPEC, [TAIWAN], 30)(logits)
    assert reading.text == "ABC1234"
    check(reading)


def test_without_a_time_step_nothing_is_read() -> None:
    spec = CtcSpec(CTC_SPEC.alphabet, CTC_SPEC.blank, 64, 32, dropped_steps=2)
    assert Decoder(spec, [TAIWAN], 30)(np.zeros((2, 2, 37), np.float32)) == [Reading("", 0.0)] * 2
    assert Decoder(spec, [TAIWAN], 30)(np.zeros((0, 9, 37), np.float32)) == []
