"""From which scores on a detection and a reading count: chosen on ``dev``, with both networks."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from lpr.evaluate import Report, match

DETECTION = tuple(round(0.2 + 0.05 * n, 2) for n in range(13))
READING = tuple(round(0.05 * n, 2) for n in range(20))


def choose(report: Report) -> tuple[float, float, dict[str, Any]]:
    """The detection's threshold, the least confidence of a reading, and the figures with them.

    ``report`` holds what a reader gives with the lowest of :data:`DETECTION` and without a least
    confidence. Chosen is the highest F1 of plates found against false readings; among equals the
    lowest values.
    """
    best, chosen = -1.0, (DETECTION[0], READING[0], report.figures())
    for threshold, least in product(DETECTION, READING):
        figures = above(report, threshold, least).figures()
        false = figures["false_readings_per_picture"] * figures["pictures"]
        found = figures["found"] * figures["plates"]
        f1 = 2 * found / (found + false + figures["plates"])
        if f1 > best + 1e-9:
            best, chosen = f1, (threshold, least, figures)
    return chosen


def above(report: Report, threshold: float, least: float) -> Report:
    """``report`` as it would be with these thresholds."""
    outcomes = []
    for outcome in report.outcomes:
        kept = [
            plate
            for plate in outcome.outputs
            if plate.detection.confidence > threshold and plate.confidence >= least
        ]
        labelled = [plate.box for plate in outcome.picture.plates]
        matches = match(labelled, [plate.box for plate in kept])
        outcomes.append(replace(outcome, outputs=kept, matches=matches))
    return Report(outcomes)
