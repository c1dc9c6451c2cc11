"""Precision over recall, and the error rate over the coverage (risk-coverage)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lpr.evaluate.outcome import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Point:
    """``recall`` and ``precision`` (0..1) of detections with a confidence >= ``threshold``."""

    threshold: float
    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class Kept:
    """``readings`` with a confidence >= ``threshold``, and how many of them are ``wrong``;
    ``coverage`` is the share of the labelled texts that are read right."""

    threshold: float
    readings: int
    wrong: int
    coverage: float


def recall_precision(outcomes: Sequence[Outcome]) -> list[Point]:
    """The curve of detections (IoU of at least 0.5 with a label) over their confidence.

    Detections below the system's own thresholds are not given out, and so are missing.
    """
    scored = (
        (plate.detection.confidence, index in hits)
        for outcome in outcomes
        for hits in (_hits(outcome),)
        for index, plate in enumerate(outcome.outputs)
    )
    return precision_recall_curve(scored, sum(len(outcome.picture.plates) for outcome in outcomes))


def precision_recall_curve(scored: Iterable[tuple[float, bool]], total: int) -> list[Point]:
    """The curve of detections given as (confidence, whether right), highest confidence first.

    ``total`` is the number of labels. Equal confidences are one point.
    """
    points: list[Point] = []
    right = 0
    ranked = sorted(scored, key=lambda each: -each[0])
    for number, (confidence, correct) in enumerate(ranked, 1):
        right += correct
        if points and points[-1].threshold == confidence:
            points.pop()
        points.append(Point(confidence, right / max(total, 1), right / number))
    return points


def _hits(outcome: Outcome) -> set[int]:
    """The outputs that overlap a labelled plate by an IoU of at least 0.5."""
    return {
        match
        for index, match in enumerate(outcome.matches)
        if match is not None and outcome.is_found(index)
    }


def average_precision(points: Sequence[Point]) -> float | None:
    """The area under the precision-recall curve, each precision raised to the maximum at any higher
    recall, as in PASCAL VOC since 2010 (Everingham et al. 2015). None without points."""
    if not points:
        return None
    area = best = 0.0
    recall = points[-1].recall
    for point, before in zip(reversed(points), [*reversed(points[:-1]), None], strict=True):
        best = max(best, point.precision)
        lower = before.recall if before else 0.0
        area += (recall - lower) * best
        recall = lower
    return area


def risk_coverage(outcomes: Sequence[Outcome]) -> list[Kept]:
    """The readings that remain, and the wrong ones among them, if those below a confidence are
    rejected (selective classification, Geifman and El-Yaniv 2017), highest confidence first.

    Counts readings of plates with a labelled text; false readings count as wrong.
    """
    texts = sum(1 for o in outcomes for plate in o.picture.plates if plate.text)
    readings: list[tuple[float, bool]] = []
    for outcome in outcomes:
        for index, plate in enumerate(outcome.picture.plates):
            match = outcome.matches[index]
            if plate.text and match is not None:
                output = outcome.outputs[match]
                readings.append((output.confidence, output.text == plate.text))
        readings += [(output.confidence, False) for output in outcome.false_readings]
    kept: list[Kept] = []
    wrong = right = 0
    for confidence, correct in sorted(readings, key=lambda reading: -reading[0]):
        wrong, right = wrong + (not correct), right + correct
        now = Kept(confidence, wrong + right, wrong, right / max(texts, 1))
        if kept and kept[-1].threshold == confidence:
            kept.pop()
        kept.append(now)
    return kept


def thinned(points: Sequence[T], maximum: int = 200) -> list[T]:
    """About ``maximum`` of ``points``, evenly spaced, with the last one: for plots and JSON."""
    step = max(len(points) // maximum, 1)
    return [*points[:-1:step], *points[-1:]]
