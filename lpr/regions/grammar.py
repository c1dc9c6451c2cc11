"""Which texts are legal, as an automaton that a search can follow step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpr.regions.region import Region

_Place = tuple[int, int]
"""A format, by number, and how many of its characters have been read."""


@dataclass(frozen=True, eq=False)
class Grammar:
    """A deterministic automaton over an alphabet; state 0 is the first.

    ``transitions`` (``int32``, ``states x len(alphabet)``) holds the state that follows a state and
    a character, -1 where none does; ``accepting`` (``bool``, ``states``) says where a text may end.
    """

    transitions: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    @classmethod
    def of(cls, regions: Iterable[Region], alphabet: str) -> Grammar:
        """The texts over ``alphabet`` that fit a format of one of the ``regions``."""
        formats = [f.legal for region in regions for f in region.formats]
        # Subset construction: a state is the set of all places in formats that a text may be at.
        first = frozenset((number, 0) for number in range(len(formats)))
        numbers = {first: 0}
        waiting = [first]
        rows: list[list[int]] = []
        ends: list[bool] = []
        for places in waiting:
            row = []
            for char in alphabet:
                after = _after(places, char, formats)
                if after and after not in numbers:
                    numbers[after] = len(numbers)
                    waiting.append(after)
                row.append(numbers[after] if after else -1)
            rows.append(row)
            ends.append(any(read == len(formats[number]) for number, read in places))
        return cls(np.array(rows, np.int32), np.array(ends, np.bool_))


def _after(
    places: frozenset[_Place], char: str, formats: list[tuple[str, ...]]
) -> frozenset[_Place]:
    return frozenset(
        (number, read + 1)
        for number, read in places
        if read < len(formats[number]) and char in formats[number][read]
    )
