from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.specs.calibration import Calibration, logit
from lpr.types import Character
from lpr.utils.activations import sigmoid

shares = st.floats(0, 1)


@given(shares)
def test_logit_and_sigmoid_undo_each_other(share: float) -> None:
    assert sigmoid(logit(share)) == pytest.approx(share, abs=2e-6)
    assert 0 <= sigmoid(1e6 * (share - 0.5)) <= 1


def characters(*confidences: float) -> tuple[Character, ...]:
    return tuple(Character("A", confidence) for confidence in confidences)


@given(st.lists(shares, min_size=1, max_size=8), shares)
def test_without_coefficients_a_text_is_as_likely_as_its_characters(
    confidences: list[float], plate: float
) -> None:
    product = 1.0
    for confidence in confidences:
        product *= confidence
    curve = Calibration()
    assert curve.of_text(characters(*confidences), plate) == pytest.approx(product, abs=2e-6)
    assert [c.confidence for c in curve.of_characters(characters(*confidences))] == pytest.approx(
        confidences, abs=2e-6
    )


def test_what_is_likely_no_plate_is_less_certain() -> None:
    curve = Calibration(offset=-1, text=1.2, plate=0.4)
    certain = characters(0.99, 0.98)
    assert curve.of_text(certain, 0.01) < curve.of_text(certain, 0.5) < curve.of_text(certain, 1.0)
    assert curve.of_text((), 1.0) == 0.0
