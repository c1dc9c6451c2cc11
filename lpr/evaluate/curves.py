"""Precision over recall, the error rate over the coverage (risk-coverage), and calibration: whether
confidences are the probability of being right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, TypeVar

from lpr.evaluate.outcome import Outcome
from lpr.utils.text import aligned

T = TypeVar("T")

BINS = 10
"""Bins of a reliability diagram."""

Scored: TypeAlias = tuple[float, bool]
"""A confidence, and whether the detection, reading or character with it is right."""


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """``recall`` and ``precision`` (0..1) of detections with a confidence >= ``threshold``."""

    threshold: float
    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """``readings`` with a confidence >= ``threshold``, and how many of them are ``wrong``;
    ``coverage`` is the share of the labelled texts that are read right."""

    threshold: float
    readings: int
    wrong: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Bin:
    """``count`` readings or characters of similar confidence: its mean, and the share right."""

    count: int
    confidence: float
    right: float


def recall_precision(outcomes: Sequence[Outcome]) -> list[PrecisionRecall]:
    """The curve of detections (IoU of at least 0.5 with a label) over their confidence.

    Detections below the system's own thresholds are missing.
    """
    scored: list[Scored] = []
    for outcome in outcomes:
        hits = {match for index, match in enumerate(outcome.matches) if outcome.is_found(index)}
        scored += [
            (plate.detection.confidence, index in hits)
            for index, plate in enumerate(outcome.outputs)
            if outcome.counts(index)
        ]
    return precision_recall_curve(scored, sum(len(outcome.picture.plates) for outcome in outcomes))


def precision_recall_curve(scored: Iterable[Scored], total: int) -> list[PrecisionRecall]:
    """The curve of detections given as (confidence, whether right), highest confidence first.

    ``total`` is the number of labels. Equal confidences are one point.
    """
    points: list[PrecisionRecall] = []
    right = 0
    ranked = sorted(scored, key=lambda each: -each[0])
    for number, (confidence, correct) in enumerate(ranked, 1):
        right += correct
        if points and points[-1].threshold == confidence:
            points.pop()
        points.append(PrecisionRecall(confidence, right / max(total, 1), right / number))
    return points


def average_precision(points: Sequence[PrecisionRecall]) -> float | None:
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


def risk_coverage(outcomes: Sequence[Outcome]) -> list[RiskCoverage]:
    """The readings that remain, and the wrong ones among them, if those below a confidence are
    rejected (selective classification, Geifman and El-Yaniv 2017), highest confidence first.

    Counts readings of plates with a labelled text; false readings count as wrong.
    """
    texts = sum(1 for o in outcomes for plate in o.picture.plates if plate.text)
    readings: list[Scored] = []
    for outcome in outcomes:
        readings += [(output.confidence, output.text == t) for t, output in outcome.readings()]
        readings += [(output.confidence, False) for output in outcome.false_readings]
    points: list[RiskCoverage] = []
    wrong = right = 0
    for confidence, correct in sorted(readings, key=lambda reading: -reading[0]):
        wrong, right = wrong + (not correct), right + correct
        if points and points[-1].threshold == confidence:
            points.pop()
        points.append(RiskCoverage(confidence, wrong + right, wrong, right / max(texts, 1)))
    return points


def thinned(points: Sequence[T], maximum: int = 200) -> list[T]:
    """About ``maximum`` of ``points``, evenly spaced, with the last one: for plots and JSON."""
    step = max(len(points) // maximum, 1)
    return [*points[:-1:step], *points[-1:]]


def of_plates(outcomes: Sequence[Outcome]) -> list[Scored]:
    """The readings of plates with a labelled text."""
    return [
        (output.confidence, output.text == text)
        for outcome in outcomes
        for text, output in outcome.readings()
        if output.text
    ]


def of_characters(outcomes: Sequence[Outcome]) -> list[Scored]:
    """The characters of these readings, if the system states a confidence for each."""
    scored: list[Scored] = []
    for outcome in outcomes:
        for text, output in outcome.readings():
            right = [labelled == read for labelled, read in aligned(text, output.text) if read]
            confidences = [character.confidence for character in output.reading.characters]
            scored += zip(confidences, right, strict=False)
    return scored


def bins(scored: Sequence[Scored]) -> list[Bin]:
    """At most :data:`BINS` bins of equal count, lowest confidence first. Nearly all readings have a
    confidence near 1, so that bins of equal width would be almost empty elsewhere."""
    ranked = sorted(scored, key=lambda each: each[0])  # ties keep their order: no bias in the bins
    count = min(BINS, len(ranked))
    edges = [round(number * len(ranked) / count) for number in range(count + 1)] if count else []
    parts = [ranked[start:stop] for start, stop in pairwise(edges)]
    sums = [(len(p), sum(c for c, _ in p), sum(right for _, right in p)) for p in parts]
    return [Bin(n, confidence / n, right / n) for n, confidence, right in sums]


def expected_error(scored: Sequence[Scored]) -> float | None:
    """The expected calibration error (Naeini et al. 2015, Guo et al. 2017): the mean difference of
    confidence and accuracy over :func:`bins`. None for no readings."""
    if not scored:
        return None
    return sum(b.count * abs(b.confidence - b.right) for b in bins(scored)) / len(scored)
