"""Many readings of one plate -> one, character by character, under the region's formats."""

from __future__ import annotations

import math
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
_MOST_READINGS = 32
_ALTERNATIVES = 3
_SUREST = 0.95


@dataclass(frozen=True, slots=True)
class Consensus:
    """What readings agree on; ``agreeing`` of them are the text itself."""

    reading: Reading
    agreeing: int


Fuse: TypeAlias = Callable[[Sequence[Reading]], "Consensus | None"]
"""Makes one of a track's readings, in the order in which they were read; None where all are
empty."""


class Fusion:
    """Fuses the readings of a track (ROVER: J. G. Fiscus, 1997, :func:`lpr.kernels.vote`).

    Readings are aligned, and each character votes in its place with the odds that it is right, so
    that one clear look outweighs many blurred ones. Where the text with the most votes fits no
    format of the ``regions``, the legal one with the greatest product of shares takes its place, if
    that product is at least ``1 / odds`` of the other's.

    What the plate looks like is what most of the readings' certainty says.

    The text's confidence is the least share of a character's votes times the greatest confidence of
    a reading that is the text.
    """

    def __init__(self, regions: Iterable[Region] = (), odds: float = 100.0) -> None:
        self._grammar = Grammar.of(tuple(regions), _ALPHABET)
        self._bound = bool(self._grammar.accepting.any())
        self._least = -math.log(odds)

    def __call__(self, readings: Sequence[Reading]) -> Consensus | None:
        """What non-empty ``readings`` agree on; None where there are none."""
        readings = [reading for reading in readings if reading.text]
        if not readings:
            return None
        # The best ones say it all, and a track may last for hours.
        heard = sorted(readings, key=lambda r: -r.confidence)[:_MOST_READINGS]
        texts = [[_CLASS[char] for char in reading.text] for reading in heard]
        weights = [[_odds(c) for c in _certainties(reading)] for reading in heard]
        votes = kernels.confusion(texts, weights, len(_ALPHABET))
        text, shares = self._elected(votes)
        agreeing = [reading for reading in readings if reading.text == text]
        sure = max((r.confidence for r in agreeing), default=max(r.confidence for r in heard) / 2)
        characters = tuple(map(Character, text, shares))
        fused = Reading(
            text,
            min(shares, default=0.0) * sure,
            characters,
            _others(readings, text),
            appearance=_appearance(readings),
        )
        return Consensus(fused, len(agreeing))

    def _elected(self, votes: np.ndarray) -> tuple[str, list[float]]:
        shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-12)
        free = [int(place) for place in shares.argmax(axis=1)]
        chosen: Sequence[int] = [-1 if c == len(_ALPHABET) else c for c in free]
        if self._bound and not self._legal(chosen):
            best = float(np.log(np.maximum(shares.max(axis=1), 1e-12)).sum())
            path = kernels.legal_path(votes, self._grammar.transitions, self._grammar.accepting)
            if path is not None and path[1] - best >= self._least:
                chosen = path[0]
        kept = [(row, c) for row, c in enumerate(chosen) if c >= 0]
        return "".join(_ALPHABET[c] for _, c in kept), [float(shares[row, c]) for row, c in kept]

    def _legal(self, chosen: Sequence[int]) -> bool:
        state = 0
        for symbol in chosen:
            if symbol >= 0:
                state = int(self._grammar.transitions[state, symbol])
                if state < 0:
                    return False
        return bool(self._grammar.accepting[state])


def _certainties(reading: Reading) -> list[float]:
    """Each character's certainty, never above its reading's by much: what is read of half a plate
    is certain of its characters, but not of the text."""
    doubt = math.sqrt(min(max(reading.confidence, 0.0), 1.0))
    if len(reading.characters) == len(reading.text):
        return [c.confidence * doubt for c in reading.characters]
    return [reading.confidence] * len(reading.text)


def _odds(confidence: float) -> float:
    sure = min(max(confidence, 0.01), _SUREST)
    return sure / (1 - sure)


def _appearance(readings: Sequence[Reading]) -> Appearance | None:
    """What most of the certainty of the readings says that the plate looks like."""
    seen = [(r.confidence, r.appearance) for r in readings if r.appearance is not None]
    if not seen:
        return None
    regions = [(sure * a.region_confidence, a.region) for sure, a in seen]
    region = _most(regions)
    total = sum(weight for weight, _ in seen) or 1.0
    return Appearance(
        _most([(sure, a.ground) for sure, a in seen]),
        _most([(sure, a.ink) for sure, a in seen]),
        _most([(sure, a.lines) for sure, a in seen]),
        region,
        sum(weight for weight, said in regions if said == region) / total,
    )


def _most(said: Sequence[tuple[float, T]]) -> T:
    weights: dict[T, float] = {}
    for weight, what in said:
        weights[what] = weights.get(what, 0.0) + weight
    return max(weights, key=weights.__getitem__)


def _others(readings: Sequence[Reading], text: str) -> tuple[Alternative, ...]:
    """Other texts that were read, each with the share that its readings have in all certainty."""
    weights: dict[str, float] = {}
    for reading in readings:
        weights[reading.text] = weights.get(reading.text, 0.0) + reading.confidence
    total = sum(weights.values()) or 1.0
    others = sorted(((w, t) for t, w in weights.items() if t != text), key=lambda o: (-o[0], o[1]))
    return tuple(Alternative(t, w / total) for w, t in others[:_ALTERNATIVES])
