from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lpr
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.detection.threshold_sweep import Sweep
from tests.samples import DETECTOR_SPEC, FixedNetwork, grey

HEAD = Head(((24.0, 12.0),), classes=1)
DEFAULTS = Sweep(0.45, 0.10, 0.05)


def test_the_thresholds_go_down_in_steps() -> None:
    assert DEFAULTS.thresholds == (0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1)
    assert Sweep(0.5, 0.5, 0.1).thresholds == (0.5,)
    assert Sweep(0.5, 0.2, 0.2).thresholds == (0.5, 0.3)


@pytest.mark.parametrize(
    "way", [(0.1, 0.45, 0.05), (0.45, 0.1, 0), (0.45, 0.1, -0.05), (1.2, 0.1, 0.1),
            (0.4, -0.1, 0.1), (float("nan"), 0.1, 0.1)]
)  # fmt: skip
def test_ways_that_lead_nowhere_are_refused(way: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="a sweep goes down from START to STOP"):
        Sweep(*way)


@given(seed=st.integers(0, 9999), shift=st.floats(-4, 4))
def test_it_finds_what_trying_each_threshold_finds(seed: int, shift: float) -> None:
    output = np.random.default_rng(seed).normal(0, 1.5, (6, 4, 4)).astype(np.float32)
    output[4:] += np.float32(shift)
    picture = grey(64, 64)

    def find(threshold: float | Sweep) -> list[lpr.Detection]:
        return Detector(FixedNetwork(output), [HEAD], DETECTOR_SPEC, threshold=threshold).find(
            [picture]
        )[0]

    tried = (find(threshold) for threshold in DEFAULTS.thresholds)
    assert find(DEFAULTS) == next((found for found in tried if found), [])


def test_a_sweep_asks_for_a_plate_in_every_picture() -> None:
    with lpr.load(threshold=DEFAULTS) as reader:
        assert reader.min_confidence == 0
    with lpr.load(threshold=DEFAULTS, min_confidence=0.4) as reader:
        assert reader.min_confidence == 0.4
