from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from tests.properties import examples

from . import oracles


@given(
    shape=st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(1, 4)),
    blank=st.integers(0, 3),
    dropped=st.integers(0, 3),
    seed=st.integers(0, 999),
)
@examples(60)
def test_a_wide_beam_gives_the_exact_probabilities(
    shape: tuple[int, int, int], blank: int, dropped: int, seed: int
) -> None:
    logits = np.random.default_rng(seed).normal(0, 1.5, shape).astype(np.float32)
    blank %= shape[2]
    found = kernels.ctc_beam(logits, blank, dropped, width=1000, top=5)
    for hypotheses, sequence in zip(found, logits, strict=True):
        expected = oracles.ctc_texts(sequence[dropped:], blank)
        likeliest = sorted(expected.values(), reverse=True)[:5]
        probabilities = [np.exp(h.log_probability) for h in hypotheses]
        np.testing.assert_allclose(probabilities, likeliest, rtol=1e-9)
        for hypothesis, probability in zip(hypotheses, probabilities, strict=True):
            assert expected[hypothesis.classes] == pytest.approx(probability, rel=1e-9)


@given(seed=st.integers(0, 999), states=st.integers(1, 4))
@examples(60)
def test_an_automaton_leaves_the_texts_that_it_accepts(seed: int, states: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (1, 5, 4)).astype(np.float32)
    transitions = rng.integers(-1, states, (states, 4)).astype(np.int32)
    accepting = rng.random(states) < 0.5

    def legal(text: tuple[int, ...]) -> bool:
        state = 0
        for symbol in text:
            state = transitions[state, symbol]
            if state < 0:
                return False
        return bool(accepting[state])

    (hypotheses,) = kernels.ctc_beam(
        logits, 0, transitions=transitions, accepting=accepting, width=1000, top=1000
    )
    expected = {t: p for t, p in oracles.ctc_texts(logits[0], 0).items() if legal(t)}
    assert {h.classes for h in hypotheses} == set(expected)
    for hypothesis in hypotheses:
        assert np.exp(hypothesis.log_probability) == pytest.approx(expected[hypothesis.classes])


@given(seed=st.integers(0, 999), spread=st.sampled_from([3.0, 8.0]))
@examples(40)
def test_characters_are_those_of_the_best_path(seed: int, spread: float) -> None:
    logits = np.random.default_rng(seed).normal(0, spread, (2, 9, 6)).astype(np.float32)
    for greedy, texts in zip(
        kernels.ctc_greedy(logits, 5), kernels.ctc_beam(logits, 5, top=16), strict=True
    ):
        for text in texts:
            if text.classes == greedy.classes:
                assert text.spans == greedy.spans
                np.testing.assert_allclose(text.confidences, greedy.confidences, rtol=2e-6)


def test_many_steps_do_not_underflow() -> None:
    logits = np.random.default_rng(0).normal(0, 1, (1, 3000, 37)).astype(np.float32)
    ((text,),) = kernels.ctc_beam(logits, 0)
    assert np.isfinite(text.log_probability)
    assert text.log_probability < -1000


def test_broken_logits_give_no_nan() -> None:
    logits = np.full((1, 6, 3), np.nan, np.float32)
    logits[0, 1] = [0, 0, np.inf]
    logits[0, 3] = [-np.inf, 5, -np.inf]
    ((text,),) = kernels.ctc_beam(logits, 0)
    assert np.isfinite(text.log_probability)
    assert np.isfinite(text.confidences).all()


def test_no_legal_text_gives_no_hypothesis() -> None:
    never = np.full((1, 3), -1, np.int32)
    logits = np.zeros((2, 4, 3), np.float32)
    found = kernels.ctc_beam(logits, 0, transitions=never, accepting=np.zeros(1, np.bool_))
    assert found == [[], []]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"top": 0}, "top"),
        ({"top": 17}, "width"),
        ({"width": 2000}, "width"),
        ({"accepting": np.ones(1, np.bool_)}, "together"),
        ({"transitions": np.zeros((1, 2), np.int32), "accepting": np.ones(1, np.bool_)}, "S x 3"),
        ({"transitions": np.ones((1, 3), np.int32), "accepting": np.ones(1, np.bool_)}, "states"),
    ],
)
def test_wrong_arguments_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        kernels.ctc_beam(np.zeros((1, 4, 3), np.float32), 0, **change)  # type: ignore[arg-type]
