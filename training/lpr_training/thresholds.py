"""From which scores on a detection and a reading count: chosen on ``dev``, with both networks."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from lpr.evaluate import Outcome, Report

DETECTION = tuple(round(0.2 + 0.05 * n, 2) for n in range(11))
SURE = (*(round(0.6 + 0.04 * n, 2) for n in range(10)), 1.0)
READING = tuple(round(0.05 * n, 2) for n in range(20))


class Thresholds(NamedTuple):
    """A plate counts from a score of ``detection`` on, where it is read with a confidence of at
    least ``reading`` or its score is at least ``sure``."""

    detection: float
    reading: float
    sure: float


def choose(report: Report) -> tuple[Thresholds, dict[str, Any]]:
    """The thresholds, and the figures with them.

    ``report`` holds what a reader gives with the lowest of :data:`DETECTION` and without a least
    confidence. Chosen is the highest F1 of plates found against false readings; among equals the
    lowest values.
    """
    best, chosen = -1.0, Thresholds(DETECTION[0], READING[0], SURE[-1])
    for thresholds in (Thresholds(*t) for t in product(DETECTION, READING, SURE[::-1])):
        outcomes = above(report, thresholds).outcomes
        plates = sum(len(outcome.picture.plates) for outcome in outcomes)
        found = sum(o.is_found(i) for o in outcomes for i in range(len(o.picture.plates)))
        false = sum(len(outcome.false_readings) for outcome in outcomes)
        f1 = 2 * found / max(found + false + plates, 1)
        if f1 > best + 1e-9:
            best, chosen = f1, thresholds
    return chosen, above(report, chosen).figures()


def above(report: Report, thresholds: Thresholds) -> Report:
    """``report`` as it would be with these thresholds."""
    return Report([_above(outcome, thresholds) for outcome in report.outcomes])


def _above(outcome: Outcome, thresholds: Thresholds) -> Outcome:
    kept = [
        plate
        for plate in outcome.outputs
        if plate.detection.confidence > thresholds.detection
        and (
            plate.confidence >= thresholds.reading or plate.detection.confidence >= thresholds.sure
        )
    ]
    if len(kept) == len(outcome.outputs):
        return outcome
    matches = Outcome.of(outcome.picture, kept).matches
    return replace(outcome, outputs=kept, matches=matches)
