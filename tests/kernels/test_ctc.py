from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from tests.properties import examples

from . import oracles

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def spelled(path: str) -> np.ndarray:
    """Logits whose best path is ``path``; ``_`` is the blank, class 0."""
    logits = np.full((1, len(path), 37), -4, np.float32)
    for step, char in enumerate(path):
        logits[0, step, 0 if char == "_" else ALPHABET.index(char) + 1] = 4
    return logits


def text_of(decoded: kernels.Decoded) -> str:
    return "".join(ALPHABET[index - 1] for index in decoded.classes)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A_C__DD__1__22__44__5", "ACD1245"),
        ("AA_A", "AA"),
        ("AAA", "A"),
        ("ABAB", "ABAB"),
        ("____", ""),
        ("_", ""),
        ("A", "A"),
    ],
)
def test_repeats_are_merged_and_blanks_separate(impl: str, path: str, text: str) -> None:
    assert text_of(kernels.ctc_greedy(spelled(path), 0, impl=impl)[0]) == text


def test_spans_count_from_the_first_step(impl: str) -> None:
    decoded = kernels.ctc_greedy(spelled("_AA_AB__"), 0, impl=impl)[0]
    assert decoded.spans == ((1, 3), (4, 5), (5, 6))
    dropped = kernels.ctc_greedy(spelled("_AA_AB__"), 0, 2, impl=impl)[0]
    assert dropped.spans == ((2, 3), (4, 5), (5, 6))


def test_confidence_is_the_largest_softmax_value_of_the_run(impl: str) -> None:
    logits = np.log(
        np.array([[[0.1, 0.6, 0.3], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.9, 0.05, 0.05]]])
    ).astype(np.float32)
    decoded = kernels.ctc_greedy(logits, 0, impl=impl)[0]
    assert decoded.classes == (1,)
    assert decoded.confidences == pytest.approx((0.8,), rel=1e-6)


@given(
    shape=st.tuples(st.integers(0, 4), st.integers(0, 20), st.sampled_from([1, 2, 13, 16, 37, 80])),
    blank=st.integers(0, 79),
    dropped=st.integers(0, 25),
    spread=st.sampled_from([0.0, 0.5, 4.0, 60.0, 3000.0]),
    seed=st.integers(0, 999),
)
@examples(120)
def test_matches_the_oracle(
    impl: str, shape: tuple[int, int, int], blank: int, dropped: int, spread: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logits = np.round(rng.normal(0, 1, shape) * spread, 1).astype(np.float32)
    blank %= shape[2]
    decoded = kernels.ctc_greedy(logits, blank, dropped, impl=impl)
    expected = oracles.ctc_greedy(logits, blank, dropped)
    assert len(decoded) == len(expected)
    for ours, theirs in zip(decoded, expected, strict=True):
        assert ours.classes == tuple(character[0] for character in theirs)
        assert ours.spans == tuple(character[2] for character in theirs)
        np.testing.assert_allclose(
            ours.confidences, [character[1] for character in theirs], rtol=2e-6
        )


def test_broken_logits_give_no_nan(impl: str) -> None:
    logits = np.array(
        [
            [
                [np.nan, 1, 0],  # a NaN never wins
                [0, 0, np.inf],
                [np.inf, np.inf, 0],  # the first of equals
                [-np.inf, -np.inf, -np.inf],
                [np.nan, np.nan, np.nan],
                [-np.inf, 5, -np.inf],
            ]
        ],
        np.float32,
    )
    decoded = kernels.ctc_greedy(logits, 0, impl=impl)[0]
    assert decoded.classes == (1, 2, 1)
    assert decoded.spans == ((0, 1), (1, 2), (5, 6))
    assert decoded.confidences == pytest.approx((0.7310586, 1, 1))


def test_a_batch_gives_what_each_sequence_gives_alone(impl: str, rng: np.random.Generator) -> None:
    logits = rng.normal(0, 3, (5, 21, 37)).astype(np.float32)
    together = kernels.ctc_greedy(logits, 36, 2, impl=impl)
    alone = [kernels.ctc_greedy(each[None], 36, 2, impl=impl)[0] for each in logits]
    assert together == alone
    assert kernels.ctc_greedy(logits.transpose(1, 0, 2).copy().transpose(1, 0, 2), 36, 2) == (
        kernels.ctc_greedy(logits, 36, 2)
    )
