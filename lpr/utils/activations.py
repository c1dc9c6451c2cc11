"""Network outputs as probabilities, in the precision of the values."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

V = TypeVar("V", float, NDArray[np.float32], NDArray[np.float64])
A = TypeVar("A", NDArray[np.float32], NDArray[np.float64])


def sigmoid(values: V) -> V:
    """``1 / (1 + exp(-values))``, for any values."""
    with np.errstate(over="ignore"):  # exp overflows to inf for very negative values: 1 / inf is 0
        exponents: Any = np.exp(-values)
    result: V = 1 / (1 + exponents)
    return result


def softmax(values: A) -> A:
    """``exp(values) / sum(exp(values))`` along the last axis, for finite values."""
    exponents: Any = np.exp(values - values.max(axis=-1, keepdims=True))
    result: A = exponents / exponents.sum(axis=-1, keepdims=True)
    return result
