"""Weighted choices, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lpr_training.synth.styles import Colour


def cumulative(weights: Iterable[float]) -> NDArray[np.float64]:
    """The running sums of some weights, as :func:`choose_weighted` takes them."""
    return np.cumsum(list(weights), dtype=np.float64)


def choose_weighted(rng: np.random.Generator, edges: NDArray[np.float64]) -> int:
    """Return a random index; ``edges`` are the cumulative weights of the choices."""
    index = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
    return min(index, len(edges) - 1)


def random_colour(rng: np.random.Generator, low: int, high: int) -> Colour:
    """Return a BGR colour; each part is at least ``low`` and below ``high``."""
    blue, green, red = (int(c) for c in rng.integers(low, high, 3))
    return blue, green, red
