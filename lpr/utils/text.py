"""Edit distance and alignment, unique names, counts in words, control characters shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import chain, count

# Control characters of C0 and C1, line separators, marks that turn the direction of writing, and
# bytes of file names that are no UTF-8. A terminal obeys the first and is fooled by the others.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str, keep: str = "") -> str:
    """``text`` with control characters, except those in ``keep``, as escapes such as ``\\x1b``."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else ascii(match[0])[1:-1], text)


@lru_cache(maxsize=4096)
def edit_distance(a: str, b: str) -> int:
    """The smallest number of substitutions, deletions and insertions (Levenshtein 1966)."""
    return _costs(a, b)[-1][-1]


def aligned(labelled: str, read: str) -> list[tuple[str, str]]:
    """Pairs of a labelled and a read character with the fewest edits.

    The first is empty for an inserted character, the second for a missing one.
    """
    cost = _costs(labelled, read)
    pairs, i, j = [], len(labelled), len(read)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + (labelled[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((labelled[i], read[j]))
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            pairs.append((labelled[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]


def _costs(a: str, b: str) -> list[list[int]]:
    """The edit distances of all beginnings: of ``a[:i]`` and ``b[:j]`` at ``[i][j]``."""
    rows = [list(range(len(b) + 1))]
    for i, left in enumerate(a, 1):
        above, row = rows[-1], [i]
        for j, right in enumerate(b, 1):
            row.append(min(above[j - 1] + (left != right), above[j] + 1, row[-1] + 1))
        rows.append(row)
    return rows


def unique_name(base: str, is_taken: Callable[[str], bool], suffix: str = "") -> str:
    """The first of ``base``, ``base-2``, ``base-3``..., each with ``suffix``, that is not taken."""
    numbered = (f"{base}-{number}{suffix}" for number in count(2))
    return next(name for name in chain([base + suffix], numbered) if not is_taken(name))


def counted(number: int, noun: str) -> str:
    """``1 frame``, ``2 frames``: a number with its noun, for nouns that take an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
