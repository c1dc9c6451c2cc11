"""CTC logits -> readings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lpr import kernels
from lpr.kernels import Hypothesis
from lpr.recognition.region_prior import RegionPrior
from lpr.regions import Grammar, Region
from lpr.specs import CtcSpec
from lpr.types import Alternative, Character, Float32, Reading

DOUBTFUL = 0.9
"""A character below this confidence makes its reading worth a search for alternatives: nine in ten
of the wrong readings of blurred crops have one, and one in twenty of all readings of clear ones."""

MAX_ALTERNATIVES = 3
"""More are never right in practice, and cost time."""

MIN_PROBABILITY = 1e-3
"""Of an alternative."""


class _Path(Protocol):
    """Classes without blanks and repeats, and the confidence (0..1) and time span of each."""

    @property
    def classes(self) -> Sequence[int]: ...
    @property
    def confidences(self) -> Sequence[float]: ...
    @property
    def spans(self) -> Sequence[tuple[int, int]]: ...


class Decoder:
    """Decodes logits into readings, constrained by the formats of ``regions`` if there are any.

    A best path with a legal text is kept. If its text fits no format, a beam search
    finds the most likely legal text. That replaces it if it is at least ``1 / grammar_odds`` times
    as probable as the most likely text: nearly all plates are legal, so a misread character is more
    likely than an unusual plate.

    With several regions and a network that predicts the region (its spec has ``summary``), texts
    are weighed by :class:`lpr.recognition.region_prior.RegionPrior`: of the most likely legal texts
    the one wins whose probability times its prior is largest. A text that does not fit the region
    that the plate looks like is searched for alternatives, too.

    Readings that fit no format or have a character below :data:`DOUBTFUL` get up to
    :data:`MAX_ALTERNATIVES`, most likely first: legal texts and, for an illegal reading or one that
    was replaced, any others. An alternative's confidence is the probability of the whole text, the
    sum over all paths that spell it; those below :data:`MIN_PROBABILITY` are left out.
    """

    def __init__(
        self, spec: CtcSpec, regions: Iterable[Region] = (), grammar_odds: float = 1.0
    ) -> None:
        """Raises ``ValueError`` for ``grammar_odds`` below 1."""
        if not grammar_odds >= 1:
            raise ValueError(f"grammar_odds have to be at least 1, not {grammar_odds}")
        self.spec = spec
        self._min_log_ratio = -math.log(grammar_odds)
        regions = tuple(regions)
        self._constrained = bool(regions)
        self._prior = RegionPrior(regions if spec.summary else ())
        grammar = Grammar.of(regions, spec.alphabet)
        self._transitions: NDArray[np.int32] = np.insert(
            grammar.transitions, spec.blank, -1, axis=1
        )
        self._accepting = grammar.accepting
        # Plain lists: reading single values from an array is slower.
        self._next_states: list[list[int]] = self._transitions.tolist()

    def __call__(self, logits: Float32) -> list[Reading]:
        """One reading for each of ``logits`` (``N x T x C``)."""
        paths = kernels.ctc_greedy(logits, self.spec.blank, self.spec.dropped_steps)
        readings = [reading_of(path, self.spec) for path in paths]
        shares = self._prior.probabilities(logits[:, 0]).tolist() if self._prior else []
        illegal, doubtful = [], []
        for number, path in enumerate(paths):
            if path.classes and not self._legal(path):
                illegal.append(number)
            elif path.classes and (
                min(path.confidences) < DOUBTFUL
                or (shares and self._prior.contradicts(readings[number].text, shares[number]))
            ):
                doubtful.append(number)
        legal = self._search(logits, [*illegal, *doubtful], self._constrained)
        free = self._search(logits, illegal, False)
        for number in illegal:
            if shares:
                legal[number] = self._reweighed(legal[number], shares[number])
            readings[number] = self._legalized(readings[number], legal[number], free[number])
        for number in doubtful:
            if shares:
                readings[number] = self._likelier(readings[number], legal[number], shares[number])
            readings[number] = self._with_alternatives(readings[number], legal[number])
        return readings

    def _legal(self, path: _Path) -> bool:
        if not self._constrained:
            return True
        state = 0
        for index in path.classes:
            state = self._next_states[state][index]
            if state < 0:
                return False
        return bool(self._accepting[state])

    def _search(
        self, logits: Float32, numbers: Sequence[int], constrained: bool
    ) -> dict[int, list[Hypothesis]]:
        """The most likely texts of some of the ``logits``; legal ones alone if ``constrained``."""
        if not numbers:
            return {}
        found = kernels.ctc_beam(
            logits[[*numbers]],
            self.spec.blank,
            self.spec.dropped_steps,
            transitions=self._transitions if constrained else None,
            accepting=self._accepting if constrained else None,
            top=MAX_ALTERNATIVES + 2,  # besides the reading itself and the empty text
        )
        return dict(zip(numbers, found, strict=True))

    def _reweighed(
        self, hypotheses: Sequence[Hypothesis], shares: Sequence[float]
    ) -> list[Hypothesis]:
        """The ``hypotheses``, the likeliest by text and region first."""
        return sorted(hypotheses, key=lambda each: -self._weight(each, shares))

    def _weight(self, hypothesis: Hypothesis, shares: Sequence[float]) -> float:
        prior = self._prior.log_prior(self.spec.decode(hypothesis.classes), shares)
        return hypothesis.log_probability + prior

    def _likelier(
        self, reading: Reading, legal: Sequence[Hypothesis], shares: Sequence[float]
    ) -> Reading:
        """The ``reading``, or the text that the region makes likelier.

        Where both differ, the character's confidence becomes the share of the new text's weight in
        the sum of both weights.
        """
        own = next((h for h in legal if self.spec.decode(h.classes) == reading.text), None)
        if own is None:
            return reading
        best = self._reweighed(legal, shares)[0]
        if best is own:
            return reading
        likelier = reading_of(best, self.spec)
        if len(likelier.text) != len(reading.text):
            return likelier
        share = 1 / (1 + math.exp(self._weight(own, shares) - self._weight(best, shares)))
        characters = tuple(
            new if new.char == old.char else Character(new.char, share)
            for new, old in zip(likelier.characters, reading.characters, strict=True)
        )
        mean = sum(each.confidence for each in characters) / len(characters)
        return replace(likelier, confidence=mean, characters=characters)

    def _legalized(
        self, reading: Reading, legal: Sequence[Hypothesis], free: Sequence[Hypothesis]
    ) -> Reading:
        """The illegal ``reading``, or the most likely legal text if that is probable enough."""
        if legal and self._min_log_ratio < 0:
            log_ratio = legal[0].log_probability - free[0].log_probability
            if log_ratio >= self._min_log_ratio:
                reading = reading_of(legal[0], self.spec)
        return self._with_alternatives(reading, [*legal, *free])

    def _with_alternatives(self, reading: Reading, hypotheses: Iterable[Hypothesis]) -> Reading:
        # A text from both searches has two probabilities, both lower bounds: pruning loses paths.
        texts: dict[str, float] = {}
        for each in hypotheses:
            text, probability = self.spec.decode(each.classes), math.exp(each.log_probability)
            texts[text] = max(min(probability, 1.0), texts.get(text, MIN_PROBABILITY))
        others = [
            Alternative(text, probability)
            for text, probability in texts.items()
            if text not in ("", reading.text) and probability > MIN_PROBABILITY
        ]
        others.sort(key=lambda other: -other.confidence)
        return replace(reading, alternatives=tuple(others[:MAX_ALTERNATIVES]))


def greedy(logits: Float32, spec: CtcSpec) -> list[Reading]:
    """Decode ``logits`` (``N x T x C``) by the best path (Graves et al. 2006, CTC).

    A character's confidence is the largest softmax value in its run of time steps. A reading's is
    the mean of its characters', 0 for no text.
    """
    paths = kernels.ctc_greedy(logits, spec.blank, spec.dropped_steps)
    return [reading_of(path, spec) for path in paths]


def reading_of(path: _Path, spec: CtcSpec) -> Reading:
    """The reading of a path."""
    text = spec.decode(path.classes)
    characters = tuple(map(Character, text, path.confidences))
    confidence = sum(path.confidences) / max(len(text), 1)
    return Reading(text, confidence, characters, gaps=_gaps(path.spans))


def _gaps(spans: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    centres = [(begin + end) / 2 for begin, end in spans]
    steps = [after - before for before, after in pairwise(centres)]
    pitch = median(steps) if steps else 0.0
    return tuple(step / pitch for step in steps) if pitch > 0 else ()
