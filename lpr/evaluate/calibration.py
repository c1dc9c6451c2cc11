"""Calibration: whether confidences are the probability of being right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lpr.evaluate.outcome import Outcome
from lpr.utils.text import aligned

BINS = 10
"""Bins of a reliability diagram."""

Scored = tuple[float, bool]
"""A confidence, and whether the reading or character with it is right."""


@dataclass(frozen=True, slots=True)
class Bin:
    """``count`` readings or characters of about the same confidence: their mean confidence, and the
    share that is right."""

    count: int
    confidence: float
    right: float


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
            characters = output.reading.characters
            confidences = iter(characters)
            for labelled, read in aligned(text, output.text):
                if read and characters:
                    scored.append((next(confidences).confidence, labelled == read))
    return scored


def bins(scored: Sequence[Scored]) -> list[Bin]:
    """At most :data:`BINS` bins of equal count, lowest confidence first. Nearly all readings have a
    confidence near 1, so that bins of equal width would be almost empty elsewhere."""
    ranked = sorted(
        scored, key=lambda each: each[0]
    )  # sorting ties by correctness would bias the bins
    count = min(BINS, len(ranked))
    edges = [round(number * len(ranked) / count) for number in range(count + 1)] if count else []
    return [
        Bin(
            stop - start,
            sum(confidence for confidence, _ in ranked[start:stop]) / (stop - start),
            sum(right for _, right in ranked[start:stop]) / (stop - start),
        )
        for start, stop in pairwise(edges)
    ]


def expected_error(scored: Sequence[Scored]) -> float | None:
    """The expected calibration error (Naeini et al. 2015, Guo et al. 2017): the mean difference of
    confidence and accuracy over :func:`bins`. None for no readings."""
    if not scored:
        return None
    return sum(b.count * abs(b.confidence - b.right) for b in bins(scored)) / len(scored)
