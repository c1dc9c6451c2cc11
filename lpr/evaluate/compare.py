"""Paired comparison of two systems on the same plates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lpr.evaluate.intervals import mcnemar
from lpr.evaluate.report import Report


@dataclass(frozen=True, slots=True)
class Difference:
    """A plate that only one of the systems reads right."""

    picture: str
    labelled: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts of labelled texts that both, only one, or neither of the systems reads right;
    ``chance`` is the p-value of the difference (:func:`lpr.evaluate.intervals.mcnemar`)."""

    both: int
    only_first: int
    only_second: int
    neither: int
    chance: float
    differences: tuple[Difference, ...]


def compare(first: Report, second: Report) -> Comparison:
    """Compare plate by plate; both reports have the same pictures in the same order."""
    counts: Counter[tuple[bool, bool]] = Counter()
    differences = []
    for one, other in zip(first.outcomes, second.outcomes, strict=True):
        for index, plate in enumerate(one.picture.plates):
            if not plate.text:
                continue
            texts = one.text(index), other.text(index)
            right = texts[0] == plate.text, texts[1] == plate.text
            counts[right] += 1
            if right[0] != right[1]:
                differences.append(Difference(one.picture.path.name, plate.text, *texts))
    only = counts[True, False], counts[False, True]
    both, neither = counts[True, True], counts[False, False]
    return Comparison(both, *only, neither, mcnemar(*only), tuple(differences))
