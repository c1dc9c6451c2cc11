"""Which texts are legal, as an automaton that a search can follow step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lpr.regions.region import Region

_Rest = tuple[str, ...]
"""The characters that may stand at each place that is still to be read."""


@dataclass(frozen=True, eq=False)
class Grammar:
    """A deterministic automaton over an alphabet; state 0 is the first.

    ``transitions`` (``int32``, ``states x len(alphabet)``) holds the state that follows a state and
    a character, -1 where none does; ``accepting`` (``bool``, ``states``) says where a text may end.
    Both are read-only.
    """

    transitions: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    @classmethod
    def of(cls, regions: Iterable[Region], alphabet: str) -> Grammar:
        """The texts over ``alphabet`` that fit a format of one of the ``regions``.

        Made once for the same regions and alphabet.
        """
        return _grammar(tuple(regions), alphabet)


@lru_cache(maxsize=16)
def _grammar(regions: tuple[Region, ...], alphabet: str) -> Grammar:
    # Subset construction: a state is all that formats may have in store for what was read. What
    # two formats have in common at their ends is one thing, which keeps the states few.
    first = frozenset(form.legal for region in regions for form in region.formats)
    numbers = {first: 0}
    waiting = [first]
    rows: list[list[int]] = []
    kinds = _alike(first, alphabet)
    for state in waiting:
        follows: dict[str, int] = {}
        rests: dict[str, set[_Rest]] = {}
        for rest in state - {()}:
            rests.setdefault(rest[0], set()).add(rest[1:])
        for kind in dict.fromkeys(kinds):
            after = frozenset().union(*(rests[place] for place in rests if kind in place))
            if after and after not in numbers:
                numbers[after] = len(numbers)
                waiting.append(after)
            follows[kind] = numbers[after] if after else -1
        rows.append([follows[kind] for kind in kinds])
    grammar = Grammar(np.array(rows, np.int32), np.array([() in state for state in waiting]))
    grammar.transitions.flags.writeable = grammar.accepting.flags.writeable = False
    return grammar


def _alike(formats: frozenset[_Rest], alphabet: str) -> list[str]:
    """For each character one that no format tells from it, the same for all such."""
    classes = sorted({place for form in formats for place in form})
    seen: dict[tuple[bool, ...], str] = {}
    return [seen.setdefault(tuple(char in c for c in classes), char) for char in alphabet]
