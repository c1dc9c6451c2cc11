"""Two systems on the same plates."""

from __future__ import annotations

from dataclasses import dataclass

from lpr.evaluate.intervals import mcnemar
from lpr.evaluate.report import Report


@dataclass(frozen=True, slots=True)
class Difference:
    """A plate that one system alone reads right."""

    picture: str
    labelled: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Labelled texts that both read right, one alone, neither; ``chance`` is the probability of
    such a difference between equals (:func:`lpr.evaluate.intervals.mcnemar`)."""

    both: int
    only_first: int
    only_second: int
    neither: int
    chance: float
    differences: tuple[Difference, ...]


def compare(first: Report, second: Report) -> Comparison:
    """Plate by plate; both reports are of the same pictures in the same order."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
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
    return Comparison(
        counts[True, True], *only, counts[False, False], mcnemar(*only), tuple(differences)
    )
