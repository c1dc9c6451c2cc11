"""Random plate texts: Taiwan's by how often its formats occur, other countries' uniformly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lpr.regions.taiwan import TAIWAN
from lpr_training.synth.sampling import choose_weighted, cumulative

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The format of plates since 2012. They have neither I nor O; older plates have few.
_NEW = "AAA-9999"
# The share of plates since 2012 whose series omits the digit 4, as most do since 2014.
_SERIES_WITHOUT_4 = 0.7


def _edges(weights: dict[str, float], symbols: str) -> NDArray[np.float64]:
    shares = np.array([weights.get(symbol, 1.0) for symbol in symbols])
    return cumulative(shares / shares.sum())


_OLD_LETTERS = _edges({"I": 0.45, "O": 0.1}, _LETTERS)
_NEW_LETTERS = _edges({"I": 0.0, "O": 0.0}, _LETTERS)
_ALL_DIGITS = _edges({}, _DIGITS)
_NO_4 = _edges({"4": 0.0}, _DIGITS)
# How often formats occur among photographed plates.
_FREQUENCIES = {
    "AAA-9999": 0.65,
    "999-AAA": 0.20,
    "9999-AA": 0.05,
    "9999-A9": 0.027,
    "AAA-999": 0.021,
}
_RARE = 0.02  # The frequency of every other format


def _shares() -> dict[str, float]:
    raw = {f.pattern: _FREQUENCIES.get(f.pattern, _RARE) for f in TAIWAN.formats}
    total = sum(raw.values())
    return {pattern: share / total for pattern, share in raw.items()}


SHARES = _shares()
"""Each legal format's share of the random texts; the shares add up to 1."""

_PATTERNS = tuple(SHARES)
_PATTERN_EDGES = cumulative(SHARES.values())


def random_pattern(rng: np.random.Generator) -> str:
    """Return a format's pattern, such as ``AAA-9999``, with the probabilities of :data:`SHARES`."""
    return _PATTERNS[choose_weighted(rng, _PATTERN_EDGES)]


def random_text(rng: np.random.Generator, pattern: str, prefixes: str = "") -> str:
    """Return a text (``A-Z0-9``, no separator) of a Taiwanese pattern.

    Digits are uniform within their series, most of which omit the 4 since 2014. Letters are uniform
    but for I and O, which are rare on old plates and absent from new ones. ``prefixes`` restricts
    the first letter.
    """
    new = pattern == _NEW
    letters = _NEW_LETTERS if new else _OLD_LETTERS
    digits = _NO_4 if new and rng.random() < _SERIES_WITHOUT_4 else _ALL_DIGITS
    text = []
    for symbol in pattern:
        if symbol == "9":
            text.append(_DIGITS[choose_weighted(rng, digits)])
        elif symbol == "A":
            text.append(_LETTERS[choose_weighted(rng, letters)])
    if prefixes and pattern.startswith("A"):
        text[0] = prefixes[int(rng.integers(len(prefixes)))]
    return "".join(text)


def uniform_text(rng: np.random.Generator, legal: Sequence[str], prefixes: str = "") -> str:
    """Return a text (``A-Z0-9``, no separator) with uniform characters; ``legal`` gives those of
    each position, and ``prefixes`` restricts the first."""
    text = [characters[int(rng.integers(len(characters)))] for characters in legal]
    if prefixes:
        text[0] = prefixes[int(rng.integers(len(prefixes)))]
    return "".join(text)
