from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import kernels
from tests.properties import examples

from . import oracles


def boxes_and_scores(
    rng: np.random.Generator, count: int, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    corners = rng.uniform(0, spread, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1, 60, (count, 2))], 1)
    return boxes.astype(np.float32), rng.uniform(0, 1, count).astype(np.float32)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 13, 15, 16, 17, 127, 400])
@pytest.mark.parametrize("spread", [30, 300])
def test_every_number_of_boxes(
    impl: str, rng: np.random.Generator, count: int, spread: float
) -> None:
    boxes, scores = boxes_and_scores(rng, count, spread)
    kept = kernels.nms(boxes, scores, 0.45, impl=impl)
    assert kept.dtype == np.int64
    assert kept.tolist() == oracles.nms(boxes, scores, 0.45)


coordinates = st.integers(-4, 4) | st.sampled_from([0.5, 1e30, -1e30, np.inf, -np.inf, np.nan])


@given(
    rows=st.lists(
        st.tuples(
            *[coordinates] * 4,
            st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.0, np.inf, -np.inf, np.nan]),
        ),
        max_size=40,
    ),
    iou=st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.75, 1.0]),
)
@examples(200)
def test_matches_the_oracle(impl: str, rows: list[tuple[float, ...]], iou: float) -> None:
    """Small whole coordinates: many ties, IoUs that equal the threshold, inverted boxes."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    boxes, scores = table[:, :4], table[:, 4]
    assert kernels.nms(boxes, scores, iou, impl=impl).tolist() == oracles.nms(boxes, scores, iou)


def test_a_box_is_dropped_above_the_threshold_not_at_it(impl: str) -> None:
    boxes = np.array([[0, 0, 3, 1], [1, 0, 4, 1]], np.float32)  # IoU 0.5
    scores = np.array([0.9, 0.8], np.float32)
    assert kernels.nms(boxes, scores, 0.5, impl=impl).tolist() == [0, 1]
    assert kernels.nms(boxes, scores, 0.499, impl=impl).tolist() == [0]


def test_equal_scores_go_by_index(impl: str) -> None:
    boxes = np.array([[0, 0, 9, 9]] * 3 + [[20, 0, 29, 9]], np.float32)
    assert kernels.nms(boxes, np.full(4, 0.5, np.float32), 0.5, impl=impl).tolist() == [0, 3]


def test_a_dropped_box_drops_no_other(impl: str) -> None:
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    assert kernels.nms(boxes, scores, 0.3, impl=impl).tolist() == [0, 2]


def test_broken_boxes_are_left_out_and_suppress_nothing(impl: str) -> None:
    boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 9], [0, np.nan, 9, 9], [0, 0, np.inf, 9]], np.float32)
    scores = np.array([np.nan, 0.5, 0.9, 0.9], np.float32)
    assert kernels.nms(boxes, scores, 0.5, impl=impl).tolist() == [1]


def test_any_layout_is_taken(impl: str, rng: np.random.Generator) -> None:
    boxes, scores = boxes_and_scores(rng, 50, 60)
    table = np.column_stack([scores, boxes])
    strided = kernels.nms(table[::2, 1:], table[::2, 0], 0.4, impl=impl)
    np.testing.assert_array_equal(
        strided, kernels.nms(boxes[::2].copy(), scores[::2].copy(), 0.4, impl=impl)
    )
