"""Figures by plate size and plate format, and confusions of characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lpr.evaluate.intervals import wilson
from lpr.evaluate.outcome import Outcome
from lpr.regions import Region
from lpr.utils.text import aligned, edit_distance

WIDTHS = (0, 16, 24, 40, 64, 100)
"""Lower limits of the size classes: a plate's width in pixels of its picture."""


@dataclass(frozen=True, slots=True)
class Row:
    """One class of plates: counts of plates, plates found, labelled texts and texts read exactly,
    the 95 % interval (``low``, ``high``) of the exact share, and the character error rate."""

    name: str
    plates: int
    found: int
    texts: int
    exact: int
    low: float
    high: float
    characters_wrong: float | None


def by_size(outcomes: Sequence[Outcome]) -> list[Row]:
    """By the width of the labelled box in its picture."""
    ends = [f"to {end} px" for end in WIDTHS[1:]]
    names = [f"{start} {end}" for start, end in zip(WIDTHS[:-1], ends, strict=True)]
    names.append(f"{WIDTHS[-1]} px and wider")

    def name(outcome: Outcome, index: int) -> str:
        width = outcome.picture.plates[index].box.width
        return names[max(n for n, start in enumerate(WIDTHS) if width >= start)]

    return _rows(outcomes, name, names)


def by_format(outcomes: Sequence[Outcome], regions: Sequence[Region]) -> list[Row]:
    """By the format of the labelled text, the most frequent first; plates without a labelled text
    are left out."""

    def name(outcome: Outcome, index: int) -> str | None:
        text = outcome.picture.plates[index].text
        if not text:
            return None
        formats = ((region, form) for region in regions for form in region.formats)
        fitting = (f"{r.code} {f.pattern}" for r, f in formats if f.display(text) is not None)
        return next(fitting, "no known format")

    return sorted(_rows(outcomes, name, ()), key=lambda row: (-row.texts, row.name))


def _rows(
    outcomes: Sequence[Outcome], name: Callable[[Outcome, int], str | None], order: Sequence[str]
) -> list[Row]:
    classes: dict[str, list[tuple[Outcome, int]]] = {each: [] for each in order}
    for outcome in outcomes:
        for index in range(len(outcome.picture.plates)):
            if (key := name(outcome, index)) is not None:
                classes.setdefault(key, []).append((outcome, index))
    return [_row(key, members) for key, members in classes.items() if members]


def _row(name: str, members: Sequence[tuple[Outcome, int]]) -> Row:
    texts = [(text, o.text(i)) for o, i in members if (text := o.picture.plates[i].text)]
    exact = sum(labelled == read for labelled, read in texts)
    characters = sum(len(labelled) for labelled, _ in texts)
    errors = sum(edit_distance(labelled, read) for labelled, read in texts)
    low, high = wilson(exact, len(texts))
    found = sum(outcome.is_found(index) for outcome, index in members)
    wrong = round(errors / characters, 4) if characters else None
    bounds = round(low, 4), round(high, 4)
    return Row(name, len(members), found, len(texts), exact, *bounds, wrong)


def confusions(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    """(labelled character, character read, count) of the plates found, the most frequent first."""
    counts = Counter(
        pair
        for outcome in outcomes
        for text, output in outcome.readings()
        for pair in aligned(text, output.text)
        if pair[0] != pair[1]
    )
    return [(a, b, n) for (a, b), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
