"""Weighted choices, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def cumulative(weights: Iterable[float]) -> NDArray[np.float64]:
    """The running sums of some weights, as :func:`choose_weighted` takes them."""
    return np.cumsum(list(weights), dtype=np.float64)


def choose_weighted(rng: np.random.Generator, edges: NDArray[np.float64]) -> int:
    """Return a random index; ``edges`` are the cumulative weights of the choices."""
    index = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
    return min(index, len(edges) - 1)
