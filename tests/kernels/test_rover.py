from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from tests.properties import examples

from . import oracles

eighths = st.integers(0, 8).map(lambda n: n / 8)


@pytest.mark.parametrize(
    ("confidences", "best"),
    [
        ([], -1),
        ([[]], -1),
        ([[], []], -1),
        ([[], [0.0]], 1),
        ([[0.5], [0.9, 0.2], [0.75, 0.5]], 2),
        ([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]], 0),
        ([[0.2], [0.1, 0.3]], 0),
        ([[0.9], [0.9] * 200], 0),
    ],
)
def test_the_highest_mean_wins_and_the_first_of_equals(
    impl: str, confidences: list[list[float]], best: int
) -> None:
    assert kernels.pick_best(confidences, impl=impl) == best


@given(confidences=st.lists(st.lists(eighths, max_size=40), max_size=20))
@examples(150)
def test_pick_best_matches_the_oracle(impl: str, confidences: list[list[float]]) -> None:
    assert kernels.pick_best(confidences, impl=impl) == oracles.pick_best(confidences)


def vote(impl: str, *readings: tuple[str, float]) -> str:
    texts = [text for text, _ in readings]
    return kernels.vote(texts, [[weight] * len(text) for text, weight in readings], impl=impl)[0]


def test_a_majority_outvotes_single_mistakes(impl: str) -> None:
    assert vote(impl, ("A8C1234", 1), ("ABC1Z34", 1), ("ABC1234", 1)) == "ABC1234"


def test_characters_are_weighed_one_by_one(impl: str) -> None:
    texts = ["ABC", "AXC"]
    assert kernels.vote(texts, [[0.5, 0.3, 0.5], [0.2, 0.6, 0.2]], impl=impl) == (
        "AXC",
        pytest.approx((1, 0.6 / 0.9, 1)),
    )


def test_a_missing_character_is_put_back(impl: str) -> None:
    assert vote(impl, ("ABC1234", 0.9), ("ABC134", 0.9), ("BC1234", 0.9)) == "ABC1234"


def test_a_surplus_character_is_outvoted(impl: str) -> None:
    assert vote(impl, ("ABC11234", 1), ("ABC1234", 0.9), ("ABC1234", 0.9)) == "ABC1234"


def test_of_equals_the_stronger_reading_then_the_first_wins(impl: str) -> None:
    assert vote(impl, ("AB1", 0.5), ("AB7", 0.5)) == "AB1"
    texts, weights = ["AB1", "AB7"], [[0.25, 0.25, 0.5], [0.5, 0.5, 0.5]]
    assert kernels.vote(texts, weights, impl=impl)[0] == "AB7"


def test_a_character_wins_over_leaving_it_out(impl: str) -> None:
    assert vote(impl, ("AB", 0.5), ("A", 0.5)) == "AB"


def test_a_single_reading_is_itself(impl: str) -> None:
    assert kernels.vote(["AB-12"], [[0.5] * 5], impl=impl) == ("AB-12", (1,) * 5)


def test_nothing_in_nothing_out(impl: str) -> None:
    assert kernels.vote([], [], impl=impl) == ("", ())
    assert kernels.vote(["", ""], [[], []], impl=impl) == ("", ())
    assert vote(impl, ("", 1), ("AB", 0.5)) == "AB"


def test_without_any_weight_the_first_reading_stays(impl: str) -> None:
    assert kernels.vote(["AB", "XY"], [[0, 0], [0, 0]], impl=impl) == ("AB", (0, 0))


def test_any_characters_may_vote(impl: str) -> None:
    assert vote(impl, ("粤B12345", 1), ("粤812345", 0.5), ("🚗B12345", 0.25)) == "粤B12345"


characters = st.tuples(st.sampled_from("AB1"), eighths | st.floats(0, 1))
readings = st.lists(characters, max_size=6)


@given(given_readings=st.lists(readings, max_size=8))
@examples(200)
def test_vote_matches_the_oracle(impl: str, given_readings: list[list[tuple[str, float]]]) -> None:
    texts = ["".join(char for char, _ in reading) for reading in given_readings]
    weights = [[weight for _, weight in reading] for reading in given_readings]
    assert kernels.vote(texts, weights, impl=impl) == oracles.vote(texts, weights)
