"""Confidences that mean something: of the plates read with 0.9, nine in ten are read right.

Networks are too sure of themselves (Guo et al. 2017, On Calibration of Modern Neural Networks). A
logistic curve over what they say (Platt 1999), fitted on plates that no training saw, mends that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lpr.types import Character

# Beyond one in a million a network's certainty says nothing more.
_MOST = math.log(1e6)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves' coefficients.

    A text's confidence is ``sigmoid(offset + text * logit(t) + plate * logit(p))``: ``t`` is the
    product of what the network says of the characters, ``p`` what it says to this being a plate. A
    character's is ``sigmoid(character_offset + character * logit(c))``.
    """

    offset: float = 0.0
    text: float = 1.0
    plate: float = 0.0
    character_offset: float = 0.0
    character: float = 1.0

    def of_text(self, characters: Sequence[Character], plate: float = 1.0) -> float:
        """How likely it is that a text is right, by its characters as the network gives them and
        the probability that there is a plate at all; 0 for no text."""
        if not characters:
            return 0.0
        certain = math.prod(c.confidence for c in characters)
        return sigmoid(self.offset + self.text * logit(certain) + self.plate * logit(plate))

    def of_characters(self, characters: Sequence[Character]) -> tuple[Character, ...]:
        """The characters with what is likely to be right of them."""
        return tuple(
            Character(c.char, sigmoid(self.character_offset + self.character * logit(c.confidence)))
            for c in characters
        )


def logit(probability: float) -> float:
    """``log(p / (1 - p))``, between the logits of one in a million and of its opposite."""
    if probability <= 0:
        return -_MOST
    if probability >= 1:
        return _MOST
    return min(max(math.log(probability / (1 - probability)), -_MOST), _MOST)


def sigmoid(value: float) -> float:
    """``1 / (1 + exp(-value))``, for any value."""
    if value < -700:
        return 0.0
    return 1 / (1 + math.exp(-value))
