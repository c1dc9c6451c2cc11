"""CTC logits -> readings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lpr import kernels
from lpr.kernels import Hypothesis
from lpr.regions import Grammar, Region
from lpr.specs import CtcSpec
from lpr.types import Alternative, Character, Float32, Reading

DOUBTFUL = 0.9
"""A character of less confidence makes its reading worth a search for other ones: nine in ten of
the wrong readings of blurred crops have one, and one in twenty of all readings of clear ones."""

_OTHERS = 3
_LEAST_OTHER = 1e-3


class _Spelled(Protocol):
    @property
    def classes(self) -> Sequence[int]: ...
    @property
    def confidences(self) -> Sequence[float]: ...


class Decoder:
    """Readings of a network's logits, under the formats of some regions where there are any.

    The best path stands where its text is legal. Where it fits no format, the likeliest legal text
    (by a beam search that knows no other) takes its place if the network holds it to be at least
    ``1 / odds`` times as probable as the likeliest text: nearly all plates are legal, so that a
    doubtful character is rather misread than the plate a strange one. What the network is certain
    of stays as it is.

    Readings that fit no format or have a doubtful character (:data:`DOUBTFUL`) come with up to
    three alternatives, likeliest first: legal texts and, beside an illegal reading or in its stead,
    any. Their confidence is the probability of the whole text, the sum over all paths that spell
    it; texts below 0.001 are left out.
    """

    def __init__(self, spec: CtcSpec, regions: Iterable[Region] = (), odds: float = 1.0) -> None:
        """Raises ``ValueError`` for ``odds`` below 1."""
        if not odds >= 1:
            raise ValueError(f"odds have to be at least 1, not {odds}")
        self.spec = spec
        self._least = -math.log(odds)
        regions = tuple(regions)
        self._bound = bool(regions)
        grammar = Grammar.of(regions, spec.alphabet)
        self._transitions: NDArray[np.int32] = np.insert(
            grammar.transitions, spec.blank, -1, axis=1
        )
        self._accepting = grammar.accepting
        # Single texts are followed through plain lists: an array gives its values more slowly.
        self._follows: list[list[int]] = self._transitions.tolist()

    def __call__(self, logits: Float32) -> list[Reading]:
        """One reading for each of ``logits`` (``N x T x C``)."""
        paths = kernels.ctc_greedy(logits, self.spec.blank, self.spec.dropped_steps)
        readings = [reading_of(path, self.spec) for path in paths]
        strange = [n for n, path in enumerate(paths) if path.classes and not self._legal(path)]
        doubtful = [
            n
            for n, path in enumerate(paths)
            if path.classes and n not in strange and min(path.confidences) < DOUBTFUL
        ]
        legal = self._search(logits, [*strange, *doubtful], self._bound)
        free = self._search(logits, strange, False)
        for number in strange:
            readings[number] = self._judged(readings[number], legal[number], free[number])
        for number in doubtful:
            readings[number] = self._beside(readings[number], legal[number])
        return readings

    def _legal(self, path: _Spelled) -> bool:
        if not self._bound:
            return True
        state = 0
        for index in path.classes:
            state = self._follows[state][index]
            if state < 0:
                return False
        return bool(self._accepting[state])

    def _search(
        self, logits: Float32, numbers: Sequence[int], bound: bool
    ) -> dict[int, list[Hypothesis]]:
        """The likeliest texts of some of the ``logits``, legal ones only if ``bound``."""
        if not numbers:
            return {}
        found = kernels.ctc_beam(
            logits[[*numbers]],
            self.spec.blank,
            self.spec.dropped_steps,
            transitions=self._transitions if bound else None,
            accepting=self._accepting if bound else None,
            top=_OTHERS + 2,  # the reading itself and the empty text are none of them
        )
        return dict(zip(numbers, found, strict=True))

    def _judged(
        self, reading: Reading, legal: Sequence[Hypothesis], free: Sequence[Hypothesis]
    ) -> Reading:
        """The likeliest legal text instead of the illegal one of ``reading``, if it is likely."""
        likely = legal and legal[0].log_probability - free[0].log_probability >= self._least
        if likely and self._least < 0:
            reading = reading_of(legal[0], self.spec)
        return self._beside(reading, [*legal, *free])

    def _beside(self, reading: Reading, found: Iterable[Hypothesis]) -> Reading:
        """``reading`` with the others of the texts that were ``found`` as its alternatives."""
        # The two searches may give one text, and that which kept less of its paths gives it less.
        texts: dict[str, float] = {}
        for each in found:
            text, probability = reading_of(each, self.spec).text, math.exp(each.log_probability)
            texts[text] = max(min(probability, 1.0), texts.get(text, _LEAST_OTHER))
        others = [
            Alternative(text, probability)
            for text, probability in texts.items()
            if text not in ("", reading.text) and probability > _LEAST_OTHER
        ]
        others.sort(key=lambda other: -other.confidence)
        return replace(reading, alternatives=tuple(others[:_OTHERS]))


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
