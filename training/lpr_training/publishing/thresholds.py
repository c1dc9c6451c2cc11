"""From which scores on a detection and a reading count: chosen on ``dev``, with both networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from lpr.evaluate import Outcome, Report
from lpr.types import Box, Plate

DETECTION = tuple(round(0.2 + 0.05 * n, 2) for n in range(11))
SURE = (*(round(0.6 + 0.04 * n, 2) for n in range(10)), 1.0)
READING = tuple(round(0.05 * n, 2) for n in range(20))
TOLERATED = 0.02
"""Wrong readings a picture."""

_SAME = 0.5


class Thresholds(NamedTuple):
    """A plate counts from a score of ``detection`` on, where it is read with a confidence of at
    least ``reading`` or its score is at least ``sure``."""

    detection: float
    reading: float
    sure: float


def choose(
    report: Report, unlabelled: Mapping[str, Sequence[Box]] | None = None
) -> tuple[Thresholds, dict[str, Any]]:
    """The thresholds, and the figures with them.

    ``report`` holds what a reader gives with the lowest of :data:`DETECTION` and without a least
    confidence. Chosen are the most plates found with at most :data:`TOLERATED` wrong readings a
    picture; among equals the fewest wrong ones, then the lowest values. Readings of ``unlabelled``
    plates (boxes by the picture's file name) are not wrong here; the figures count them as false,
    as ``lpr eval`` does.
    """
    known = unlabelled or {}
    best, chosen = (-1, 0), Thresholds(DETECTION[-1], READING[-1], SURE[-1])
    for thresholds in (Thresholds(*t) for t in product(DETECTION, READING, SURE[::-1])):
        outcomes = above(report, thresholds).outcomes
        found = sum(o.is_found(i) for o in outcomes for i in range(len(o.picture.plates)))
        wrong = sum(len(_wrong(outcome, known)) for outcome in outcomes)
        if wrong <= TOLERATED * len(outcomes) and (found, -wrong) > best:
            best, chosen = (found, -wrong), thresholds
    return chosen, above(report, chosen).figures()


def _wrong(outcome: Outcome, unlabelled: Mapping[str, Sequence[Box]]) -> list[Plate]:
    boxes = unlabelled.get(outcome.picture.path.name, ())
    return [
        plate
        for plate in outcome.false_readings
        if all(plate.box.iou(box) < _SAME for box in boxes)
    ]


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
