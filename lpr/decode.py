"""CTC logits -> readings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from lpr import kernels
from lpr.regions import Grammar, Region
from lpr.specs import CtcSpec
from lpr.types import Alternative, Character, Float32, Reading

_SECOND_BEST = 3

DOUBTFUL = 0.9
"""A character of less confidence makes its reading worth a search for other ones."""


class _Spelled(Protocol):
    @property
    def classes(self) -> Sequence[int]: ...
    @property
    def confidences(self) -> Sequence[float]: ...


class Decoder:
    """Readings of a network's logits, under the formats of some regions where there are any.

    The best path stands where its text is legal. Where it fits no format, the likeliest legal text
    (by a beam search that knows no other) takes its place if the network holds it to be at least
    ``1 / odds`` times as probable: nearly all plates are legal, so that a doubtful character is
    rather misread than the plate a strange one. What the network is certain of stays as it is.
    """

    def __init__(self, spec: CtcSpec, regions: Iterable[Region] = (), odds: float = 1.0) -> None:
        """Raises ``ValueError`` for ``odds`` below 1."""
        if not odds >= 1:
            raise ValueError(f"odds have to be at least 1, not {odds}")
        self.spec = spec
        self._regions = tuple(regions)
        self._least = -math.log(odds)
        grammar = Grammar.of(self._regions, spec.alphabet)
        self._transitions = np.insert(grammar.transitions, spec.blank, -1, axis=1)
        self._accepting = grammar.accepting

    def __call__(self, logits: Float32) -> list[Reading]:
        """One reading for each of ``logits`` (``N x T x C``).

        Those with a doubtful character (:data:`DOUBTFUL`) come with up to three alternatives.
        """
        readings = greedy(logits, self.spec)
        bound = bool(self._regions) and self._least < 0
        for number, reading in enumerate(readings):
            if not reading.text:
                continue
            one = logits[number : number + 1]
            if bound and not self._legal(reading.text):
                reading = self._doubted(reading, one)
            if not reading.alternatives and min(c.confidence for c in reading.characters) < DOUBTFUL:
                reading = self._with_alternatives(reading, one)
            readings[number] = reading
        return readings

    def _with_alternatives(self, reading: Reading, logits: Float32) -> Reading:
        """The likeliest other texts beside the best path's, legal or not."""
        (found,) = kernels.ctc_beam(
            logits, self.spec.blank, self.spec.dropped_steps, top=_SECOND_BEST + 1
        )
        texts = [(reading_of(each, self.spec).text, each.log_probability) for each in found]
        others = [(text, log) for text, log in texts if text and text != reading.text]
        alternatives = tuple(Alternative(t, math.exp(log)) for t, log in others[:_SECOND_BEST])
        return replace(reading, alternatives=alternatives)

    def _legal(self, text: str) -> bool:
        return any(region.display(text) is not None for region in self._regions)

    def _doubted(self, reading: Reading, logits: Float32) -> Reading:
        """The likeliest legal text instead of the illegal one of ``reading``, if it is likely."""
        blank, dropped = self.spec.blank, self.spec.dropped_steps
        ((free,),) = kernels.ctc_beam(logits, blank, dropped)
        (legal,) = kernels.ctc_beam(
            logits,
            blank,
            dropped,
            transitions=self._transitions,
            accepting=self._accepting,
            top=_SECOND_BEST,
        )
        if not legal or legal[0].log_probability - free.log_probability < self._least:
            return reading
        chosen, *others = (reading_of(hypothesis, self.spec) for hypothesis in legal)
        texts = [(reading.text, free.log_probability)]
        texts += [(o.text, h.log_probability) for o, h in zip(others, legal[1:], strict=True)]
        alternatives = tuple(Alternative(text, math.exp(log)) for text, log in texts)
        return Reading(chosen.text, chosen.confidence, chosen.characters, alternatives)


def greedy(logits: Float32, spec: CtcSpec) -> list[Reading]:
    """The readings of ``logits`` (``N x T x C``) by the best path (Graves et al. 2006, CTC).

    A character's confidence is the largest softmax value in its run of time steps, a reading's the
    mean of its characters', 0 where nothing was read.
    """
    decoded = kernels.ctc_greedy(logits, spec.blank, spec.dropped_steps)
    return [reading_of(each, spec) for each in decoded]


def reading_of(decoded: _Spelled, spec: CtcSpec) -> Reading:
    """Classes and their confidences as characters."""
    letters = spec.alphabet[: spec.blank] + "\0" + spec.alphabet[spec.blank :]
    characters = tuple(
        Character(letters[index], confidence)
        for index, confidence in zip(decoded.classes, decoded.confidences, strict=True)
    )
    confidence = sum(c.confidence for c in characters) / max(len(characters), 1)
    return Reading("".join(c.char for c in characters), confidence, characters)
