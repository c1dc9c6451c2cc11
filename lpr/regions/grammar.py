"""The legal texts of regions as an automaton, to constrain a search character by character."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lpr.regions.region import Region

_Rest = tuple[str, ...]  # The legal characters of each remaining place of a text


@dataclass(frozen=True, eq=False)
class Grammar:
    """A deterministic finite automaton over an alphabet, starting in state 0.

    ``transitions`` (``int32``, ``states x len(alphabet)``) has the next state for a state and a
    character, -1 if that is illegal. ``accepting`` (``bool``, ``states``) marks the states in which
    a text may end. Both are read-only.
    """

    transitions: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    @classmethod
    def of(cls, regions: Iterable[Region], alphabet: str) -> Grammar:
        """The grammar of the texts over ``alphabet`` that fit a format of ``regions``; cached."""
        return _grammar(tuple(regions), alphabet)


@lru_cache(maxsize=16)
def _grammar(regions: tuple[Region, ...], alphabet: str) -> Grammar:
    # Subset construction: a state is the set of all possible rests of a text. Formats with a common
    # ending share its states.
    first = frozenset(
        rest for region in regions for form in region.formats for rest in form.branches
    )
    numbers = {first: 0}
    queue = [first]
    rows: list[list[int]] = []
    kinds = _alike(first, alphabet)
    for state in queue:
        next_state: dict[str, int] = {}
        rests: dict[str, set[_Rest]] = {}
        for rest in state - {()}:
            rests.setdefault(rest[0], set()).add(rest[1:])
        for kind in dict.fromkeys(kinds):
            after = frozenset().union(*(rests[place] for place in rests if kind in place))
            if after and after not in numbers:
                numbers[after] = len(numbers)
                queue.append(after)
            next_state[kind] = numbers[after] if after else -1
        rows.append([next_state[kind] for kind in kinds])
    grammar = Grammar(np.array(rows, np.int32), np.array([() in state for state in queue]))
    grammar.transitions.flags.writeable = grammar.accepting.flags.writeable = False
    return grammar


def _alike(formats: frozenset[_Rest], alphabet: str) -> list[str]:
    """For each character a representative of those that all formats treat alike."""
    classes = sorted({place for form in formats for place in form})
    seen: dict[tuple[bool, ...], str] = {}
    return [seen.setdefault(tuple(char in c for c in classes), char) for char in alphabet]
