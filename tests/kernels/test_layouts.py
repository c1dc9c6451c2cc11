"""Kernels take arrays as they lie in memory: any strides, any alignment. See csrc/sanitize.sh."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from lpr import kernels
from tests.properties import examples

GRAMMAR = np.array([[1, 1, -1], [0, 1, -1]], np.int32), np.array([True, True])

sizes = st.integers(1, 6)


@pytest.mark.parametrize("stride", [-3, -90, 0, 1, 7, 1 << 40, -(1 << 62), (1 << 62)])
@pytest.mark.parametrize("width", [1, 2, 30])
def test_the_stride_of_a_single_row_means_nothing(impl: str, width: int, stride: int) -> None:
    row = np.random.default_rng(1).integers(0, 256, (1, width, 3), dtype=np.uint8)
    view = as_strided(row, row.shape, (stride, 3, 1))
    quads = np.array([[[0, 0], [width, 0], [width, 1], [0, 1]]], np.float32)
    for size in ((1, 1), (5, 4), (40, 30)):
        for interpolation in ("area", "linear"):
            np.testing.assert_array_equal(
                kernels.letterbox(view, *size, interpolation=interpolation, impl=impl)[0],
                kernels.letterbox(row, *size, interpolation=interpolation, impl=impl)[0],
            )
        np.testing.assert_array_equal(
            kernels.warp(view, quads, *size, impl=impl), kernels.warp(row, quads, *size, impl=impl)
        )


@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    steps=st.tuples(st.sampled_from([-2, -1, 1, 2, 3]), st.sampled_from([-2, -1, 1, 2])),
    flip=st.booleans(),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    seed=st.integers(0, 99),
)
@examples(150)
def test_any_view_of_a_picture_is_read_right_or_refused(
    impl: str,
    shape: tuple[int, int],
    steps: tuple[int, int],
    flip: bool,
    size: tuple[int, int],
    seed: int,
) -> None:
    whole = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    view = whole[:: steps[0], :: steps[1], :: -1 if flip else 1]
    copy = np.ascontiguousarray(view)
    height, width = view.shape[:2]
    packed = not flip and (steps[1] == 1 or width == 1) and (steps[0] > 0 or height == 1)
    quads = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float32) * np.float32([width, height])
    calls: list[Callable[[np.ndarray], np.ndarray]] = [
        lambda image: kernels.letterbox(image, *size, impl=impl)[0],
        lambda image: kernels.warp(image, quads, *size, impl=impl),
    ]
    for call in calls:
        if not packed:
            with pytest.raises(ValueError, match=r"pass np.ascontiguousarray\(image\)"):
                call(view)
        else:
            np.testing.assert_array_equal(call(view), call(copy))


def laid_out(values: np.ndarray, layout: str) -> np.ndarray:
    """The same values, elsewhere: unaligned, in Fortran order, reversed or with gaps."""
    if layout == "unaligned":
        memory = np.zeros(values.nbytes + 1, np.uint8)
        view = memory[1:].view(values.dtype).reshape(values.shape)
        view[...] = values
        return view
    if layout == "fortran":
        return np.asfortranarray(values)
    if layout == "reversed":
        return values[::-1].copy()[::-1]
    if layout == "gaps":
        wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
        wide[..., ::2] = values
        return wide[..., ::2]
    return np.broadcast_to(values, (2, *values.shape))[0]


@given(
    layout=st.sampled_from(["unaligned", "fortran", "reversed", "gaps", "broadcast"]),
    count=sizes,
    steps=sizes,
    seed=st.integers(0, 99),
)
@examples(150)
def test_every_layout_of_the_same_numbers_gives_the_same(
    impl: str, layout: str, count: int, steps: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    quads = rng.uniform(-3, 12, (count, 4, 2)).astype(np.float32)
    corners = rng.uniform(0, 50, (count, 2))
    boxes = np.concatenate([corners, corners + 20], 1).astype(np.float32)
    scores = rng.uniform(0, 1, count).astype(np.float32)
    logits = rng.normal(0, 3, (count, steps, 3)).astype(np.float32)
    votes = rng.uniform(0, 1, (count, 4))
    costs = rng.uniform(0, 1, (count, steps))
    transitions, accepting = GRAMMAR
    automaton = laid_out(transitions, layout), laid_out(accepting, layout)

    def of(values: np.ndarray) -> np.ndarray:
        return laid_out(values, layout)

    np.testing.assert_array_equal(
        kernels.warp(image, of(quads), 8, 6, impl=impl), kernels.warp(image, quads, 8, 6, impl=impl)
    )
    assert (
        kernels.nms(of(boxes), of(scores), 0.3, impl=impl).tolist()
        == kernels.nms(boxes, scores, 0.3, impl=impl).tolist()
    )
    assert kernels.ctc_greedy(of(logits), 2, impl=impl) == kernels.ctc_greedy(logits, 2, impl=impl)
    assert kernels.ctc_beam(
        of(logits), 2, transitions=automaton[0], accepting=automaton[1]
    ) == kernels.ctc_beam(logits, 2, transitions=transitions, accepting=accepting)
    assert kernels.legal_path(of(votes), *automaton) == kernels.legal_path(votes, *GRAMMAR)
    assert kernels.assign(of(costs), 0.7) == kernels.assign(costs, 0.7)


@given(
    corners=st.lists(
        st.one_of(
            st.floats(width=32),
            st.sampled_from([0, 5, -1e38, 3e38, 1e30, 1e-30, 1.0000001, 65536, 1e19]),
        ),
        min_size=8,
        max_size=8,
    ),
    margin=st.sampled_from([-0.499, 0, 10]),
)
@examples(400)
def test_any_quad_is_sampled_inside_the_picture(
    impl: str, corners: list[float], margin: float
) -> None:
    image = np.full((9, 11, 3), 200, np.uint8)
    quad = np.array(corners, np.float32).reshape(1, 4, 2)
    out = kernels.warp(image, quad, 8, 6, margin=margin, impl=impl)
    assert np.isfinite(out).all()
    assert ((out >= 0.49) & (out <= 0.79)).all()  # mid-gray, or the picture's 200 / 255


def test_the_output_shares_no_memory_with_the_inputs() -> None:
    memory = np.zeros(3 * 4 * 4 * 3, np.float32)
    out = memory[: 3 * 4 * 4].reshape(3, 4, 4)
    image = memory.view(np.uint8)[: 2 * 2 * 3].reshape(2, 2, 3)
    with pytest.raises(ValueError, match="out must not share memory"):
        kernels.letterbox(image, 4, 4, out=out)
    quads = memory[:8].reshape(1, 4, 2)
    with pytest.raises(ValueError, match="out must not share memory"):
        kernels.warp(np.zeros((2, 2, 3), np.uint8), quads, 4, 4, channels="rgb", out=out[None])


def test_more_steps_dropped_than_there_are_leave_none() -> None:
    logits = np.zeros((1, 4, 3), np.float32)
    assert kernels.ctc_greedy(logits, 0, 1 << 70)[0].classes == ()
    assert kernels.ctc_beam(logits, 0, 1 << 70)[0][0].classes == ()


def test_classes_are_whole_numbers_that_fit() -> None:
    with pytest.raises(ValueError, match=r"classes must lie in 1\.\.2097152"):
        kernels.confusion([[1 << 31]], [[1.0]], (1 << 31) + 1)
    with pytest.raises(ValueError, match="texts must hold classes"):
        kernels.confusion([[0.5]], [[1.0]], 3)  # type: ignore[list-item]
