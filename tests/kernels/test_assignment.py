from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from lpr.types import Box
from tests.properties import examples

from . import oracles

sides = st.floats(0, 100, width=32)
boxes = st.lists(
    st.tuples(sides, sides, sides, sides).map(lambda v: (v[0], v[1], v[0] + v[2], v[1] + v[3])),
    max_size=6,
)
costs = st.tuples(st.integers(0, 5), st.integers(0, 5)).flatmap(
    lambda size: st.lists(
        st.integers(0, 8).map(lambda n: n / 8),
        min_size=size[0] * size[1],
        max_size=size[0] * size[1],
    ).map(lambda values: np.array(values).reshape(size))
)


@given(before=boxes, after=boxes)
@examples(100)
def test_without_a_buffer_it_is_the_intersection_over_union(
    before: list[Box], after: list[Box]
) -> None:
    alike = kernels.buffered_iou(before, after, 0.0)
    assert alike.shape == (len(before), len(after))
    for i, a in enumerate(before):
        for j, b in enumerate(after):
            assert alike[i, j] == pytest.approx(Box(*a).iou(Box(*b)), abs=1e-9)


def test_boxes_that_moved_further_than_they_are_wide_meet_once_they_are_larger() -> None:
    before, after = [(0, 0, 40, 20)], [(50, 0, 90, 20)]
    assert kernels.buffered_iou(before, after, 0.0)[0, 0] == 0
    # Made larger by half of themselves they are 80 x 40 at (-20, -10) and (30, -10).
    assert kernels.buffered_iou(before, after, 0.5)[0, 0] == pytest.approx(30 / 130)


@given(costs=costs, limit=st.integers(0, 8).map(lambda n: n / 8))
@examples(300)
def test_no_assignment_costs_less(costs: np.ndarray, limit: float) -> None:
    pairs = kernels.assign(costs, limit)
    rows, columns = [r for r, _ in pairs], [c for _, c in pairs]
    assert rows == sorted(set(rows))
    assert len(set(columns)) == len(columns)
    assert all(costs[pair] <= limit for pair in pairs)
    paid = sum(costs[pair] for pair in pairs) + limit * (len(costs) - len(pairs))
    assert paid == pytest.approx(oracles.cheapest(costs, limit))


def test_boxes_whose_area_underflows_do_not_overlap() -> None:
    tiny = [(0, 0, 1e-200, 1e-200)]
    assert kernels.buffered_iou(tiny, tiny, 0.0)[0, 0] == 0


@pytest.mark.parametrize("size", [(8, 8), (30, 30), (30, 9), (9, 30), (40, 41)])
@pytest.mark.parametrize("limit", [0.05, 0.5, 2.0])
def test_larger_tables_cost_what_scipy_finds(
    rng: np.random.Generator, size: tuple[int, int], limit: float
) -> None:
    scipy_optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")
    for values in (rng.uniform(0, 1, size), rng.integers(0, 4, size) / 4):
        clipped = np.minimum(values, limit)  # an unassigned row costs the limit
        rows, columns = scipy_optimize.linear_sum_assignment(clipped)
        expected = clipped[rows, columns].sum() + limit * (size[0] - len(rows))
        pairs = kernels.assign(values, limit)
        paid = sum(values[pair] for pair in pairs) + limit * (size[0] - len(pairs))
        assert paid == pytest.approx(expected)
        assert all(values[pair] <= limit for pair in pairs)


def test_the_nearest_pair_gives_way_where_that_helps_both() -> None:
    costs = np.array([[0.1, 0.2], [0.1, 0.9]])
    assert kernels.assign(costs, 1.0) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: kernels.buffered_iou([(0, 0, 1)], [], 0.0),  # type: ignore[list-item]
        lambda: kernels.buffered_iou([(2, 0, 1, 1)], [], 0.0),
        lambda: kernels.buffered_iou([(0, 0, float("nan"), 1)], [], 0.0),
        lambda: kernels.buffered_iou([], [], -1.0),
        lambda: kernels.assign(np.zeros(3), 1.0),
        lambda: kernels.assign(np.array([[np.inf]]), 1.0),
        lambda: kernels.assign(np.array([[np.nan]]), 1.0),
        lambda: kernels.assign(np.full((2, 2), 1e308), 1.0),
        lambda: kernels.assign(np.zeros((1, 1)), 1e308),
        lambda: kernels.buffered_iou([(-1e200, 0, 1e200, 1)], [], 0.0),
        lambda: kernels.assign(np.zeros((1, 1)), float("nan")),
    ],
)
def test_what_are_no_boxes_or_costs_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="must"):
        wrong()  # type: ignore[operator]
