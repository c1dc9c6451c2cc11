"""Which texts a plate's text can have been misread as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product

_GROUPS = ("0OQD", "1IL", "8B", "5S", "2Z", "6G", "VY", "UV")

CONFUSED = 0.4
"""Edits that a substitution of two characters counts that look alike; any other counts 1. So two
of them are within one edit, and three are not."""


def _confusable() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for group in _GROUPS:
        for char in group:
            found.setdefault(char, set()).update(set(group) - {char})
    return {char: "".join(sorted(others)) for char, others in found.items()}


CONFUSABLE = _confusable()
"""The characters that look like each character."""


def distance(a: str, b: str) -> float:
    """The edit distance (Levenshtein), in which a confusable substitution counts
    :data:`CONFUSED`."""
    row = [float(j) for j in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], float(i)
        for j, y in enumerate(b, 1):
            cost = 0.0 if x == y else CONFUSED if y in CONFUSABLE.get(x, "") else 1.0
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    return row[-1]


def neighbours(text: str, symbols: Iterable[str]) -> set[str]:
    """All texts of the alphabet ``symbols`` within a :func:`distance` of 1 of ``text``: some 800
    for a plate. They are few enough to be looked up one by one in an index."""
    alphabet = sorted(set(symbols) | set(text))
    found = {text}
    for i in range(len(text) + 1):
        head, tail = text[:i], text[i:]
        found.update(head + char + tail for char in alphabet)
        if tail:
            found.add(head + tail[1:])
            found.update(head + char + tail[1:] for char in alphabet)
    found.update(_look_alikes(text))
    return found


def _look_alikes(text: str) -> Iterator[str]:
    """The texts with two characters replaced by ones that look alike."""
    places = [i for i, char in enumerate(text) if char in CONFUSABLE]
    for i, j in combinations(places, 2):
        for x, y in product(CONFUSABLE[text[i]], CONFUSABLE[text[j]]):
            yield text[:i] + x + text[i + 1 : j] + y + text[j + 1 :]
