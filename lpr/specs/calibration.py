"""Calibrated confidences: of the texts read with a confidence of 0.9, nine in ten are right.

Networks are overconfident (Guo et al. 2017, On Calibration of Modern Neural Networks). A logistic
curve over their scores (Platt 1999), fitted on plates that no training saw, corrects that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lpr.types import Character
from lpr.utils.activations import sigmoid

# Beyond odds of a million to one a network's score carries no information.
_MAX_LOGIT = math.log(1e6)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The coefficients of the two curves.

    A text's confidence is ``sigmoid(offset + text * logit(t) + plate * logit(p))``, where ``t`` is
    the product of the network's confidences in the characters and ``p`` its probability of a plate.
    A character's is ``sigmoid(character_offset + character * logit(c))``.
    """

    offset: float = 0.0
    text: float = 1.0
    plate: float = 0.0
    character_offset: float = 0.0
    character: float = 1.0

    def of_text(self, characters: Sequence[Character], plate: float = 1.0) -> float:
        """The probability that a text is right, given the network's confidences in its characters
        and its probability of a plate; 0 for no text."""
        if not characters:
            return 0.0
        t = math.prod(c.confidence for c in characters)
        return float(sigmoid(self.offset + self.text * logit(t) + self.plate * logit(plate)))

    def of_characters(self, characters: Sequence[Character]) -> tuple[Character, ...]:
        """The characters with calibrated confidences."""
        offset, slope = self.character_offset, self.character
        return tuple(
            Character(c.char, float(sigmoid(offset + slope * logit(c.confidence))))
            for c in characters
        )


def logit(probability: float) -> float:
    """``log(p / (1 - p))``, bounded to odds of a million to one either way."""
    if not 0 < probability < 1:
        return math.copysign(_MAX_LOGIT, probability - 0.5)
    return min(max(math.log(probability / (1 - probability)), -_MAX_LOGIT), _MAX_LOGIT)
