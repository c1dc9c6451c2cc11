"""Groups of connected items, and a split that keeps them whole."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def connected(shared: Sequence[Iterable[Hashable]]) -> list[list[int]]:
    """The connected components of indices that share things.

    ``shared`` holds the things of each index. Components and their members are in the order of the
    indices. (Union-find with path halving: Tarjan & van Leeuwen 1984.)
    """
    parents = list(range(len(shared)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    first: dict[Hashable, int] = {}
    for index, things in enumerate(shared):
        for thing in things:
            parents[root(index)] = root(first.setdefault(thing, index))
    groups: dict[int, list[int]] = {}
    for index in range(len(shared)):
        groups.setdefault(root(index), []).append(index)
    return list(groups.values())


def divide(groups: Sequence[Sequence[int]], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Split groups into two sorted parts, the second with about ``share`` of all indices.

    Groups are drawn at random and taken while they fit; both parts get at least one group. Raises
    ``ValueError`` for fewer than two groups.
    """
    if len(groups) < 2:
        raise ValueError("two parts need two groups")
    target = share * sum(map(len, groups))
    drawn = [groups[index] for index in np.random.default_rng(seed).permutation(len(groups))]
    second: list[int] = []
    taken = 0
    for group in drawn:
        # Half of a group may exceed the target, so it is missed and exceeded equally often.
        if taken < len(groups) - 1 and len(second) + len(group) / 2 <= target:
            second += group
            taken += 1
    second = second or [*min(drawn, key=len)]
    chosen = set(second)
    return [i for group in groups for i in group if i not in chosen], sorted(second)
