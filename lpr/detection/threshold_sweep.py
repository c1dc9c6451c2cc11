"""Several thresholds for one picture: the lower ones only where nothing was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lpr.types import Detection

_LEAST_STEP = 0.001


@dataclass(frozen=True, slots=True)
class Sweep:
    """Thresholds tried in turn, from ``start`` down to ``stop`` (0..1) by ``step``: the first with
    which a picture has a detection is that picture's.

    Raises ``ValueError`` for a way that leads nowhere.
    """

    start: float
    stop: float
    step: float

    def __post_init__(self) -> None:
        if not (0 <= self.stop <= self.start <= 1 and _LEAST_STEP <= self.step <= 1):
            raise ValueError(
                f"a sweep goes down from START to STOP, both in 0..1, by a STEP of at least "
                f"{_LEAST_STEP:g}; {self.start:g}:{self.stop:g}:{self.step:g} does not"
            )

    @property
    def thresholds(self) -> tuple[float, ...]:
        """All of them, the highest first."""
        count = int((self.start - self.stop) / self.step + 1e-6) + 1
        return tuple(round(self.start - number * self.step, 9) for number in range(count))

    def keep(self, detections: Sequence[Detection]) -> list[Detection]:
        """Those that the picture's threshold leaves.

        ``detections`` were found with the lowest threshold. That is the same as finding them anew
        with each: suppression drops a box only for one with a higher score, so what a higher
        threshold takes away has never dropped what it leaves.
        """
        for threshold in self.thresholds:
            # Scores are float32, and so is what the detector compares them with.
            kept = [each for each in detections if each.confidence > np.float32(threshold)]
            if kept:
                return kept
        return []
