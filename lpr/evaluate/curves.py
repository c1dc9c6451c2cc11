"""Recall against precision, and what is left of it when doubtful readings are sent back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from lpr.evaluate.outcome import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Point:
    """From a confidence of ``threshold`` on: ``recall`` and ``precision``, both 0..1."""

    threshold: float
    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class Kept:
    """With a confidence of at least ``threshold``: so many ``readings``, ``wrong`` ones among them;
    ``coverage`` is their share of the labelled texts."""

    threshold: float
    readings: int
    wrong: int
    coverage: float


def recall_precision(outcomes: Sequence[Outcome]) -> list[Point]:
    """Of the places found (IoU at least 0.5), by the detections' confidence, from the most certain
    one on. What a system does not give out, being below its thresholds, is not seen."""
    total = sum(len(outcome.picture.plates) for outcome in outcomes)
    ranked = sorted(
        (-plate.detection.confidence, index not in hits)
        for outcome in outcomes
        for hits in (_hits(outcome),)
        for index, plate in enumerate(outcome.outputs)
    )
    points: list[Point] = []
    right = 0
    for number, (negative, missed) in enumerate(ranked, 1):
        right += not missed
        point = Point(-negative, right / max(total, 1), right / number)
        if points and points[-1].threshold == point.threshold:
            points.pop()
        points.append(point)
    return points


def _hits(outcome: Outcome) -> set[int]:
    """The outputs that are where a labelled plate is."""
    return {
        match
        for index, match in enumerate(outcome.matches)
        if match is not None and outcome.is_found(index)
    }


def average_precision(points: Sequence[Point]) -> float | None:
    """The area under recall and precision, each precision raised to the best of a higher recall, as
    PASCAL VOC has it since 2010 (Everingham et al. 2015), at an IoU of 0.5. None without points."""
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
    """What remains, and what of it is wrong, if readings below a confidence are sent back
    (Geifman and El-Yaniv 2017, Selective Classification), from the most certain one on. Counted are
    readings of plates with a labelled text, and false readings, which are wrong."""
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


def thinned(points: Sequence[T], most: int = 200) -> list[T]:
    """At most about ``most`` of ``points``, evenly chosen, the last one among them: to be drawn or
    written down."""
    step = max(len(points) // most, 1)
    return [*points[:-1:step], *points[-1:]]
