"""The readings of one plate -> their consensus, by character, under the region's formats."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from lpr import kernels
from lpr.regions import Grammar, Region
from lpr.types import Alternative, Appearance, Character, Reading

T = TypeVar("T", str, int)

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLASS = {char: number for number, char in enumerate(_ALPHABET)}
# Maximum number of readings that vote, the most certain ones; a track may last for hours.
_MAX_READINGS = 32
_MAX_ALTERNATIVES = 3  # Maximum number of other texts in the consensus
# Bounds on a character's confidence (0..1): its vote, as odds, is at most 19.
_MIN_CERTAINTY, _MAX_CERTAINTY = 0.01, 0.95


@dataclass(frozen=True, slots=True)
class Consensus:
    """The fused reading; ``agreeing`` is the number of readings with exactly its text."""

    reading: Reading
    agreeing: int


Fuse: TypeAlias = Callable[[Sequence[Reading]], "Consensus | None"]
"""Fuses a track's readings, in chronological order; None if all are empty."""


class Fusion:
    """Fuses the readings of a track (ROVER: J. G. Fiscus, 1997, :func:`lpr.kernels.confusion`).

    Readings are aligned. Each character votes in its slot with the odds that it is right, so that
    one clear reading outweighs many blurred ones. If the text with the most votes fits no format of
    the ``regions``, the legal text with the greatest product of vote shares replaces it, provided
    that this product is at least ``1 / odds`` of that of the text it replaces.

    The text's confidence is the minimum vote share of its characters times the maximum confidence
    of the readings with this text. If there are none, half of the maximum confidence of all
    readings takes its place. The appearance is elected by votes weighted by the readings'
    confidences.
    """

    def __init__(self, regions: Iterable[Region] = (), odds: float = 100.0) -> None:
        self._grammar = Grammar.of(tuple(regions), _ALPHABET)
        self._has_formats = bool(self._grammar.accepting.any())
        self._min_log_ratio = -math.log(odds)

    def __call__(self, readings: Sequence[Reading]) -> Consensus | None:
        """The consensus of the non-empty ``readings``; None if all are empty."""
        readings = [reading for reading in readings if reading.text]
        if not readings:
            return None
        voters = sorted(readings, key=lambda r: -r.confidence)[:_MAX_READINGS]
        texts = [[_CLASS[char] for char in reading.text] for reading in voters]
        weights = [_weights(reading) for reading in voters]
        text, shares = self._elect(kernels.confusion(texts, weights, len(_ALPHABET)))
        agreeing = [reading for reading in readings if reading.text == text]
        confidence = max((r.confidence for r in agreeing), default=voters[0].confidence / 2)
        fused = Reading(
            text,
            min(shares, default=0.0) * confidence,
            tuple(map(Character, text, shares)),
            _alternatives(readings, text),
            appearance=_appearance(readings),
        )
        return Consensus(fused, len(agreeing))

    def _elect(self, votes: np.ndarray) -> tuple[str, list[float]]:
        """The text that ``votes`` (slots x (classes + deletion)) elect, and its vote shares."""
        shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-12)
        free = [int(slot) for slot in shares.argmax(axis=1)]
        elected: Sequence[int] = [-1 if c == len(_ALPHABET) else c for c in free]
        if self._has_formats and not self._is_legal(elected):
            best = float(np.log(np.maximum(shares.max(axis=1), 1e-12)).sum())
            path = kernels.legal_path(votes, self._grammar.transitions, self._grammar.accepting)
            if path is not None and path[1] - best >= self._min_log_ratio:
                elected = path[0]
        kept = [(slot, c) for slot, c in enumerate(elected) if c >= 0]
        return "".join(_ALPHABET[c] for _, c in kept), [float(shares[slot, c]) for slot, c in kept]

    def _is_legal(self, classes: Sequence[int]) -> bool:
        state = 0
        for symbol in classes:
            if symbol >= 0:
                state = int(self._grammar.transitions[state, symbol])
                if state < 0:
                    return False
        return bool(self._grammar.accepting[state])


def _weights(reading: Reading) -> list[float]:
    """Each character's vote: the odds of its confidence, scaled first by the square root of the
    text's: on half a plate, the characters are certain but the text is not."""
    scale = math.sqrt(min(max(reading.confidence, 0.0), 1.0)) if reading.characters else 1.0
    certainties = (
        min(max(certainty * scale, _MIN_CERTAINTY), _MAX_CERTAINTY)
        for certainty in reading.certainties
    )
    return [certainty / (1 - certainty) for certainty in certainties]


def _appearance(readings: Sequence[Reading]) -> Appearance | None:
    voters = [(r.confidence, r.appearance) for r in readings if r.appearance is not None]
    if not voters:
        return None
    regions = [(weight * a.region_confidence, a.region) for weight, a in voters]
    region = _heaviest(regions)
    total = sum(weight for weight, _ in voters) or 1.0
    return Appearance(
        _heaviest([(weight, a.ground) for weight, a in voters]),
        _heaviest([(weight, a.ink) for weight, a in voters]),
        _heaviest([(weight, a.lines) for weight, a in voters]),
        region,
        sum(weight for weight, voted in regions if voted == region) / total,
    )


def _heaviest(votes: Sequence[tuple[float, T]]) -> T:
    totals: dict[T, float] = defaultdict(float)
    for weight, value in votes:
        totals[value] += weight
    return max(totals, key=totals.__getitem__)


def _alternatives(readings: Sequence[Reading], text: str) -> tuple[Alternative, ...]:
    """Other texts, each with its readings' share of the total confidence."""
    weights: dict[str, float] = defaultdict(float)
    for reading in readings:
        weights[reading.text] += reading.confidence
    total = sum(weights.values()) or 1.0
    others = sorted(((w, t) for t, w in weights.items() if t != text), key=lambda o: (-o[0], o[1]))
    return tuple(Alternative(t, w / total) for w, t in others[:_MAX_ALTERNATIVES])
