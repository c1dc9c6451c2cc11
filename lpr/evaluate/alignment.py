"""Which character was read as which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lpr.evaluate.outcome import Outcome


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


def confusions(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    """Labelled character, what was read instead, how often; the most frequent first. Plates that
    were not found are left out."""
    counts = Counter(
        pair
        for outcome in outcomes
        for plate, match in zip(outcome.picture.plates, outcome.matches, strict=True)
        if plate.text and match is not None
        for pair in aligned(plate.text, outcome.outputs[match].text)
        if pair[0] != pair[1]
    )
    return [(a, b, n) for (a, b), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
