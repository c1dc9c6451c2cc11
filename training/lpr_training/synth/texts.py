"""Random plate texts: every legal format of Taiwan, the common ones most often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lpr.regions.taiwan import TAIWAN

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Plates since 2012 carry neither I nor O, those before few; and most series since 2014 no 4.
_NEW = "AAA-9999"
_SERIES_WITHOUT_4 = 0.7


def _edges(weights: dict[str, float], symbols: str) -> NDArray[np.float64]:
    shares = np.array([weights.get(symbol, 1.0) for symbol in symbols])
    return np.cumsum(shares / shares.sum())


_OLD_LETTERS = _edges({"I": 0.45, "O": 0.1}, _LETTERS)
_NEW_LETTERS = _edges({"I": 0.0, "O": 0.0}, _LETTERS)
_ALL_DIGITS = _edges({}, _DIGITS)
_ALL_LETTERS = _edges({}, _LETTERS)
_NO_4 = _edges({"4": 0.0}, _DIGITS)

_SEEN = {
    # How often the formats occur among photographed plates; the others are as rare as _LEAST.
    "AAA-9999": 0.65,
    "999-AAA": 0.20,
    "9999-AA": 0.05,
    "9999-A9": 0.027,
    "AAA-999": 0.021,
}
_LEAST = 0.02


def _shares() -> dict[str, float]:
    raw = {f.pattern: _SEEN.get(f.pattern, _LEAST) for f in TAIWAN.formats}
    total = sum(raw.values())
    return {pattern: share / total for pattern, share in raw.items()}


SHARES = _shares()
"""Each legal format's share of the random texts; they add up to 1."""

_PATTERNS = tuple(SHARES)
_PATTERN_EDGES = np.cumsum(list(SHARES.values()))


def random_pattern(rng: np.random.Generator) -> str:
    """A format's pattern, such as ``AAA-9999``, by :data:`SHARES`."""
    place = int(np.searchsorted(_PATTERN_EDGES, rng.random(), side="right"))
    return _PATTERNS[min(place, len(_PATTERNS) - 1)]


def random_text(rng: np.random.Generator, pattern: str, prefixes: str = "") -> str:
    """A text (``A-Z0-9``, no separator) of a pattern.

    Digits are uniform within their series: most new ones have no 4. Letters are uniform but for I
    and O, which are rare on old plates and missing on new ones. With ``prefixes``, the first letter
    is one of those.
    """
    new = pattern == _NEW
    letters = _NEW_LETTERS if new else _OLD_LETTERS
    digits = _NO_4 if new and rng.random() < _SERIES_WITHOUT_4 else _ALL_DIGITS
    text = []
    for symbol in pattern:
        if symbol == "9":
            text.append(_pick(rng, digits, _DIGITS))
        elif symbol == "A":
            text.append(_pick(rng, letters, _LETTERS))
    if prefixes and pattern.startswith("A"):
        text[0] = prefixes[int(rng.integers(len(prefixes)))]
    return "".join(text)


def _pick(rng: np.random.Generator, edges: NDArray[np.float64], symbols: str) -> str:
    place = int(np.searchsorted(edges, rng.random(), side="right"))
    return symbols[min(place, len(symbols) - 1)]


def uniform_text(rng: np.random.Generator, legal: Sequence[str], prefixes: str = "") -> str:
    """A text (``A-Z0-9``, no separator): at each place one of the characters that are ``legal``
    there, each as often as the others; with ``prefixes`` its first one is one of those."""
    text = [characters[int(rng.integers(len(characters)))] for characters in legal]
    if prefixes:
        text[0] = prefixes[int(rng.integers(len(prefixes)))]
    return "".join(text)
