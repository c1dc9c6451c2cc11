from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from tests.properties import examples

from . import oracles

LETTERS = "AB1"
readings = st.lists(
    st.lists(
        st.tuples(st.sampled_from(LETTERS), st.integers(0, 8).map(lambda n: n / 8)), max_size=4
    ),
    max_size=5,
)


def network(said: list[list[tuple[str, float]]]) -> np.ndarray:
    texts = [[LETTERS.index(char) for char, _ in reading] for reading in said]
    return kernels.confusion(texts, [[w for _, w in reading] for reading in said], len(LETTERS))


@given(said=readings)
@examples(150)
def test_the_votes_match_the_oracle(said: list[list[tuple[str, float]]]) -> None:
    texts = ["".join(char for char, _ in reading) for reading in said]
    expected = oracles.confusion(texts, [[w for _, w in reading] for reading in said], LETTERS)
    np.testing.assert_allclose(network(said), expected)


@given(said=readings)
@examples(100)
def test_the_winners_of_the_slots_are_what_is_voted(said: list[list[tuple[str, float]]]) -> None:
    texts = ["".join(char for char, _ in reading) for reading in said]
    text, _ = kernels.vote(texts, [[w for _, w in reading] for reading in said])
    votes = network(said)
    # Of equals, vote() takes the first to come and the network does not know which that was.
    clear = [np.sum(row == row.max()) == 1 for row in votes]
    if all(clear):
        won = "".join(LETTERS[row.argmax()] for row in votes if row.argmax() < len(LETTERS))
        assert won == text


def grammar(*texts: str) -> tuple[np.ndarray, np.ndarray]:
    """An automaton that accepts just these, as a tree."""
    states = [""]
    for text in texts:
        states += [t for n in range(1, len(text) + 1) if (t := text[:n]) not in states]
    rows = [[states.index(s + c) if s + c in states else -1 for c in LETTERS] for s in states]
    return np.array(rows, np.int32), np.array([s in texts for s in states])


votes = st.lists(
    st.lists(st.integers(0, 4).map(float), min_size=4, max_size=4), min_size=0, max_size=4
).map(lambda rows: np.array(rows).reshape(-1, 4))


@given(votes=votes)
@examples(200)
def test_no_legal_text_has_more_votes(votes: np.ndarray) -> None:
    transitions, accepting = grammar("A1", "B1", "AB1", "1")
    found = kernels.legal_path(votes, transitions, accepting, 1e-3)
    expected = oracles.legal_path(votes, transitions, accepting, 1e-3)
    if expected is None:
        assert found is None
        return
    assert found is not None
    chosen, score = found
    assert score == pytest.approx(expected)
    assert "".join(LETTERS[c] for c in chosen if c >= 0) in ("A1", "B1", "AB1", "1")


def test_a_legal_text_wins_over_one_that_nobody_may_bear() -> None:
    votes = network([[("A", 0.9), ("B", 0.6)], [("A", 0.9), ("1", 0.5)]])
    found = kernels.legal_path(votes, *grammar("A1"))
    assert found is not None
    assert found[0] == (0, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: kernels.confusion([[0]], [[]], 3),
        lambda: kernels.confusion([[3]], [[1.0]], 3),
        lambda: kernels.confusion([[0]], [[-1.0]], 3),
        lambda: kernels.legal_path(np.zeros((1, 1)), *grammar("A")),
        lambda: kernels.legal_path(-np.ones((1, 4)), *grammar("A")),
        lambda: kernels.legal_path(np.ones((1, 4)), *grammar("A"), least=0.0),
        lambda: kernels.legal_path(np.ones((1, 3)), *grammar("A")),
    ],
)
def test_what_are_no_votes_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"must|it is"):
        wrong()  # type: ignore[operator]
