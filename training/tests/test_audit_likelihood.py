"""How probable a label is, by a network's logits or a mere reading."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.specs import CtcSpec
from lpr.types import Alternative, Reading
from lpr_training.audit.likelihood import (
    disagreement,
    disagreement_of_reading,
    log_probability,
)


@st.composite
def spelled(draw: st.DrawFn) -> tuple[np.ndarray, list[int], int]:
    """Log softmax values of a tiny network, a text, and which class is its blank."""
    steps, classes = draw(st.integers(0, 5)), draw(st.integers(2, 4))
    blank = draw(st.integers(0, classes - 1))
    values = draw(st.lists(st.floats(-30, 30), min_size=steps * classes, max_size=steps * classes))
    logits = np.array(values, np.float64).reshape(steps, classes)
    others = [index for index in range(classes) if index != blank]
    text = draw(st.lists(st.sampled_from(others), max_size=4))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), text, blank


@given(spelled())
def test_a_texts_probability_is_the_sum_over_all_its_alignments(
    drawn: tuple[np.ndarray, list[int], int],
) -> None:
    log_softmax, text, blank = drawn
    steps, classes = log_softmax.shape
    logs = [
        sum(log_softmax[step, index] for step, index in enumerate(path))
        for path in itertools.product(range(classes), repeat=steps)
        if [index for index, _ in itertools.groupby(path) if index != blank] == text
    ]
    expected = float(np.logaddexp.reduce(logs)) if logs else -math.inf
    assert log_probability(log_softmax, text, blank) == pytest.approx(expected, abs=1e-9)


def test_a_blank_inside_the_alphabet_and_dropped_steps_are_heeded() -> None:
    spec = CtcSpec("AB", 1, 8, 8, dropped_steps=1)
    logits = np.full((3, 3), -20, np.float32)
    logits[0, 0] = logits[1, 2] = logits[2, 1] = 20  # A is dropped, then B and a blank
    assert disagreement(logits, spec, "B", "B") == 0
    assert disagreement(logits, spec, "A", "B") == pytest.approx(40, abs=1)
    assert disagreement(logits, spec, "Z", "B") == math.inf
    assert disagreement(logits, spec, "BAB", "B") == math.inf


def test_recognizers_without_logits_are_taken_by_their_word() -> None:
    sure, unsure = Reading("AB1234", 0.99), Reading("AB1234", 0.55)
    one, two = "AB1235", "AB1255"
    assert disagreement_of_reading(sure, "AB1234") == 0
    assert disagreement_of_reading(sure, two) > disagreement_of_reading(sure, one)
    assert disagreement_of_reading(sure, one) > disagreement_of_reading(unsure, two) > 0
    torn = Reading("AB1234", 0.6, alternatives=(Alternative(one, 0.3),))
    assert disagreement_of_reading(torn, one) == pytest.approx(math.log(2))
    assert disagreement_of_reading(Reading("", 0.0), one) == 0
