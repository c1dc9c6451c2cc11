"""Several thresholds for one picture: lower ones only if the higher ones find nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lpr.types import Detection

MIN_STEP = 0.001
"""Smaller steps change no result, and would take long."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Thresholds from ``start`` down to ``stop`` (0..1) by ``step``: each picture takes the first
    one at which it has a detection.

    Raises ``ValueError`` for values out of range.
    """

    start: float
    stop: float
    step: float

    def __post_init__(self) -> None:
        if not (0 <= self.stop <= self.start <= 1 and MIN_STEP <= self.step <= 1):
            raise ValueError(
                f"a sweep goes down from START to STOP, both in 0..1, by a STEP of at least "
                f"{MIN_STEP:g}, not {self.start:g}:{self.stop:g}:{self.step:g}"
            )

    @property
    def thresholds(self) -> tuple[float, ...]:
        """All of them, the highest first."""
        count = int((self.start - self.stop) / self.step + 1e-6) + 1
        return tuple(round(self.start - number * self.step, 9) for number in range(count))

    def keep(self, detections: Sequence[Detection]) -> list[Detection]:
        """The detections above the picture's threshold, of all above the lowest one.

        The result is the same as from a search with each threshold: non-maximum suppression drops a
        box only for one with a higher score, so a box that a threshold removes never suppressed one
        that it keeps.
        """
        for threshold in self.thresholds:
            kept = above(detections, threshold)
            if kept:
                return kept
        return []


def above(detections: Sequence[Detection], threshold: float) -> list[Detection]:
    """The detections above ``threshold``, compared in float32 as the detector does."""
    return [each for each in detections if each.confidence > np.float32(threshold)]
