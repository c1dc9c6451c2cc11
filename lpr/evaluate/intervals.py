"""What a share of few counts is worth: intervals and a paired test."""

from __future__ import annotations

import math

_Z = 1.959963984540054


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); 0..1 where there is nothing to count."""
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, _Z**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = (
        _Z * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    )
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def mcnemar(only_first: int, only_second: int) -> float:
    """The probability that two equally good systems differ at least as much on the same plates: the
    exact two-sided test of McNemar (1947), by the binomial distribution."""
    total, most = only_first + only_second, max(only_first, only_second)
    ways = sum(math.comb(total, k) for k in range(most, total + 1))
    return min(float(2 * ways / 2**total), 1.0)
