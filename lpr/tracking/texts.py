"""How far two texts are apart."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def edit_distance(a: str, b: str) -> int:
    """The least number of characters to change, leave out or put in (Levenshtein, 1965)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            above, row[j] = row[j], min(above + (left != right), row[j] + 1, row[j - 1] + 1)
    return row[-1]
