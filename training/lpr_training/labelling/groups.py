"""Pictures that belong together, and a division that never separates them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def connected(shared: Sequence[Iterable[Hashable]]) -> list[list[int]]:
    """Groups of indices of which any two are connected through things that they share.

    ``shared`` gives for each index what it has; one that has nothing is a group of its own.
    Groups come in the order of their first index, and so do their members. (Union-find with path
    halving: Tarjan & van Leeuwen 1984.)
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
    """Whole groups in two sorted parts of which the second has about ``share`` of all indices.

    Groups are drawn at random and taken where they still fit; both parts get at least one group.
    Raises ``ValueError`` where there are not two groups.
    """
    if len(groups) < 2:
        raise ValueError("two parts need two groups")
    wanted = share * sum(map(len, groups))
    drawn = [groups[index] for index in np.random.default_rng(seed).permutation(len(groups))]
    second: list[int] = []
    taken = 0
    for group in drawn:
        # Half of the group may stand over: so the share is met as nearly from above as from below.
        if taken < len(groups) - 1 and len(second) + len(group) / 2 <= wanted:
            second += group
            taken += 1
    if not second:
        smallest = min(drawn, key=len)
        second = list(smallest)
    chosen = set(second)
    return [i for group in groups for i in group if i not in chosen], sorted(second)
