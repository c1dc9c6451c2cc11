"""Random plate texts: every legal format of Taiwan, the common ones most often."""

from __future__ import annotations

import numpy as np

from lpr.regions.taiwan import TAIWAN

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RARE_LETTERS = {"I": 0.15, "O": 0.15}
_LETTER_WEIGHTS = np.array([_RARE_LETTERS.get(letter, 1.0) for letter in _LETTERS])
_LETTER_EDGES = np.cumsum(_LETTER_WEIGHTS / _LETTER_WEIGHTS.sum())

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

    Digits are uniform, I and O are rare. With ``prefixes``, the first letter is one of those.
    """
    text = []
    for symbol in pattern:
        if symbol == "9":
            text.append(_DIGITS[int(rng.integers(10))])
        elif symbol == "A":
            letter = int(np.searchsorted(_LETTER_EDGES, rng.random(), side="right"))
            text.append(_LETTERS[min(letter, len(_LETTERS) - 1)])
    if prefixes and pattern.startswith("A"):
        text[0] = prefixes[int(rng.integers(len(prefixes)))]
    return "".join(text)


def pattern_of(text: str) -> str:
    """The pattern of the first format that a text fits.

    A text of no format gets one without a separator, so that any text can be drawn.
    """
    for form in TAIWAN.formats:
        if form.display(text) is not None:
            return form.pattern
    return "".join("9" if c.isdigit() else "A" for c in text)
