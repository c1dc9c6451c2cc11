"""Confidence intervals of shares, and a paired significance test."""

from __future__ import annotations

import math

_Z = 1.959963984540054  # The 97.5 % quantile of the normal distribution, for intervals of 95 %


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of ``right`` out of ``total`` (Wilson 1927); 0..1 if ``total`` is 0."""
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, _Z**2
    scale = 1 + square / total
    middle = (share + square / (2 * total)) / scale
    reach = _Z * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / scale
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def mcnemar(only_first: int, only_second: int) -> float:
    """The p-value of McNemar's exact two-sided test (1947): the probability that two equally good
    systems differ at least as much on the same plates."""
    total, larger = only_first + only_second, max(only_first, only_second)
    ways = sum(math.comb(total, k) for k in range(larger, total + 1))
    return min(float(2 * ways / 2**total), 1.0)
