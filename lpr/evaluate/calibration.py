"""Whether confidences mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lpr.evaluate.outcome import Outcome
from lpr.utils.text import aligned

BINS = 10

Said = tuple[float, bool]
"""A confidence, and whether what was said with it is right."""


@dataclass(frozen=True, slots=True)
class Bin:
    """``count`` things said with about the same confidence: its mean, and the share that is
    right."""

    count: int
    confidence: float
    right: float


def of_plates(outcomes: Sequence[Outcome]) -> list[Said]:
    """The readings of plates with a labelled text."""
    return [
        (output.confidence, output.text == plate.text)
        for outcome in outcomes
        for plate, match in zip(outcome.picture.plates, outcome.matches, strict=True)
        if plate.text and match is not None
        for output in (outcome.outputs[match],)
        if output.text
    ]


def of_characters(outcomes: Sequence[Outcome]) -> list[Said]:
    """The characters of these readings, where the system gives each a confidence."""
    said: list[Said] = []
    for outcome in outcomes:
        for plate, match in zip(outcome.picture.plates, outcome.matches, strict=True):
            if not plate.text or match is None:
                continue
            reading = outcome.outputs[match].reading
            confidences = iter(reading.characters)
            for labelled, read in aligned(plate.text, reading.text):
                if read and reading.characters:
                    said.append((next(confidences).confidence, labelled == read))
    return said


def bins(said: Sequence[Said]) -> list[Bin]:
    """At most :data:`BINS` bins of equally many, the least certain first: nearly all readings have
    a confidence near 1, and bins of equal width would hold one each elsewhere."""
    ranked = sorted(said, key=lambda each: each[0])  # not by what is right: ties would lie
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


def expected_error(said: Sequence[Said]) -> float | None:
    """The expected calibration error (Naeini et al. 2015, Guo et al. 2017): how far confidence and
    truth are apart, averaged over :func:`bins`. None without anything said."""
    if not said:
        return None
    return sum(b.count * abs(b.confidence - b.right) for b in bins(said)) / len(said)
