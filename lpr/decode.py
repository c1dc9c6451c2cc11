"""CTC logits -> readings."""

from __future__ import annotations

from lpr import kernels
from lpr.specs import CtcSpec
from lpr.types import Character, Float32, Reading


def greedy(logits: Float32, spec: CtcSpec) -> list[Reading]:
    """The readings of ``logits`` (``N x T x C``) by the best path (Graves et al. 2006, CTC).

    A character's confidence is the largest softmax value in its run of time steps, a reading's the
    mean of its characters', 0 where nothing was read.
    """
    letters = spec.alphabet[: spec.blank] + "\0" + spec.alphabet[spec.blank :]
    readings = []
    for decoded in kernels.ctc_greedy(logits, spec.blank, spec.dropped_steps):
        characters = tuple(
            Character(letters[index], confidence)
            for index, confidence in zip(decoded.classes, decoded.confidences, strict=True)
        )
        confidence = sum(c.confidence for c in characters) / max(len(characters), 1)
        readings.append(Reading("".join(c.char for c in characters), confidence, characters))
    return readings
