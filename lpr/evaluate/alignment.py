"""Confusions of characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lpr.evaluate.outcome import Outcome
from lpr.utils.text import aligned


def confusions(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    """(labelled character, character read, count), the most frequent first; plates that were not
    found are left out."""
    counts = Counter(
        pair
        for outcome in outcomes
        for text, output in outcome.readings()
        for pair in aligned(text, output.text)
        if pair[0] != pair[1]
    )
    return [(a, b, n) for (a, b), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
