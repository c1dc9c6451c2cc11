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


def aligned(labelled: str, read: str) -> list[tuple[str, str]]:
    """Pairs of a labelled and a read character by the fewest edits (Levenshtein 1966); an empty one
    where a character is lacking or too many."""
    rows, columns = len(labelled) + 1, len(read) + 1
    cost = [[i + j if i == 0 or j == 0 else 0 for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            differs = labelled[i - 1] != read[j - 1]
            cost[i][j] = min(cost[i - 1][j - 1] + differs, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
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
