"""What lpr.kernels refuses, and how it says so. What it computes: tests/kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lpr import kernels

IMAGE = np.zeros((20, 30, 3), np.uint8)
QUADS = np.array([[[0, 0], [30, 0], [30, 20], [0, 20]]], np.float32)
BOXES = np.array([[0, 0, 5, 5]], np.float32)
SCORES = np.ones(1, np.float32)
LOGITS = np.zeros((1, 4, 37), np.float32)


def letterbox(image: Any = IMAGE, width: int = 8, height: int = 6, **options: Any) -> object:
    return kernels.letterbox(image, width, height, **options)


def warp(image: Any = IMAGE, quads: Any = QUADS, **options: Any) -> object:
    return kernels.warp(image, quads, 8, 6, **options)


def nms(boxes: Any = BOXES, scores: Any = SCORES, iou: float = 0.5) -> object:
    return kernels.nms(boxes, scores, iou)


def ctc(logits: Any = LOGITS, blank: int = 0, dropped: int = 0) -> object:
    return kernels.ctc_greedy(logits, blank, dropped)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: letterbox("picture.jpg"), "image must be a NumPy array, not str"),
        (lambda: letterbox(IMAGE.astype(np.float32)), "image must be uint8, not float32"),
        (lambda: letterbox(IMAGE.astype(np.uint16)), "image must be uint8, not uint16"),
        (lambda: letterbox(out=np.empty((3, 6, 8))), "out must be float32, not float64"),
        (lambda: warp(quads=QUADS.tolist()), "quads must be a NumPy array, not list"),
        (lambda: warp(quads=QUADS.astype(float)), "quads must be float32, not float64"),
        (lambda: nms(boxes=BOXES.astype(int)), "boxes must be float32, not int64"),
        (lambda: nms(scores=[1.0]), "scores must be a NumPy array, not list"),
        (lambda: ctc(LOGITS.astype(np.float16)), "logits must be float32, not float16"),
        (lambda: kernels.pick_best([0.5]), "confidences must be a sequence of sequences"),
        (lambda: kernels.vote(["A"], [1.0]), "weights must be a sequence of sequences"),
    ],
)
def test_a_wrong_type_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: letterbox(IMAGE[..., 0]), r"H x W x 3 and not empty, not \(20, 30\)"),
        (lambda: letterbox(np.zeros((4, 4, 4), np.uint8)), r"not empty, not \(4, 4, 4\)"),
        (lambda: letterbox(IMAGE[:0]), r"not empty, not \(0, 30, 3\)"),
        (lambda: letterbox(np.zeros((70000, 1, 3), np.uint8)), "at most 65536 pixels a side"),
        (lambda: letterbox(IMAGE[..., ::-1]), "contiguous pixels.*np.ascontiguousarray"),
        (lambda: letterbox(IMAGE[::-1]), "ordered rows.*np.ascontiguousarray"),
        (lambda: letterbox(IMAGE[:, ::2]), "contiguous pixels.*np.ascontiguousarray"),
        (lambda: letterbox(np.broadcast_to(IMAGE[:1], IMAGE.shape)), "np.ascontiguousarray"),
        (lambda: letterbox(width=0), "1 to 65536 pixels a side, not 0 x 6"),
        (lambda: letterbox(height=-1), "1 to 65536 pixels a side, not 8 x -1"),
        (lambda: letterbox(resize="crop"), "resize must be one of letterbox, stretch, not 'crop'"),
        (lambda: letterbox(channels="hsv"), "channels must be one of rgb, bgr, gray, not 'hsv'"),
        (lambda: letterbox(interpolation="cubic"), "interpolation must be one of area, linear"),
        (
            lambda: letterbox(impl="mmx"),
            "implementation 'mmx' does not run on this CPU; use one of auto",
        ),
        (
            lambda: letterbox(out=np.empty((6, 8, 3), np.float32)),
            r"out must have the shape \(3, 6, 8",
        ),
        (
            lambda: letterbox(out=np.empty((3, 8, 6), np.float32).transpose(0, 2, 1)),
            "out must be C-contiguous",
        ),
        (
            lambda: letterbox(out=np.broadcast_to(np.float32(0), (3, 6, 8))),
            "out must be C-contiguous, aligned and writeable",
        ),
        (lambda: warp(IMAGE[::-1]), "ordered rows"),
        (lambda: warp(quads=QUADS[0]), "quads must have the shape any x 4 x 2, not"),
        (lambda: warp(margin=-0.5), "margin must lie between -0.5 and 10"),
        (lambda: warp(margin=float("nan")), "margin must lie between"),
        (lambda: warp(std=0.0), "std positive"),
        (lambda: warp(mean=float("inf")), "mean must be finite"),
        (
            lambda: warp(out=np.empty((2, 1, 6, 8), np.float32)),
            r"out must have the shape \(1, 1, 6",
        ),
        (lambda: nms(boxes=BOXES[0]), "boxes must have the shape any x 4"),
        (lambda: nms(scores=np.ones(2, np.float32)), "scores must have the shape 1, not"),
        (lambda: nms(iou=1.5), "iou must lie in 0..1, not 1.5"),
        (lambda: nms(iou=float("nan")), "iou must lie in 0..1"),
        (lambda: ctc(LOGITS[0]), "logits must have the shape any x any x any"),
        (lambda: ctc(blank=37), "blank must be one of the 37 classes, not 37"),
        (lambda: ctc(blank=-1), "blank must be one of the 37 classes, not -1"),
        (lambda: ctc(dropped=-1), "dropped must not be negative"),
        (lambda: kernels.pick_best([[0.5], [1.5]]), "confidences must lie in 0..1"),
        (lambda: kernels.pick_best([[float("nan")]]), "confidences must lie in 0..1"),
        (lambda: kernels.vote(["AB"], [[1.0]]), "one number for each character of each text"),
        (lambda: kernels.vote(["AB"], []), "one number for each character of each text"),
        (lambda: kernels.vote(["A"], [[-1.0]]), "weights must lie in 0..1e"),
        (lambda: kernels.vote(["AB"], [[1e308, 1e308]]), "weights must lie"),
        (lambda: kernels.vote(["A"], [[float("nan")]]), "weights must lie in"),
    ],
)
def test_a_wrong_value_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_column_of_pixels_may_lie_anyhow() -> None:
    column = np.full((20, 30, 3), 255, np.uint8)[:, ::30]
    out, _ = kernels.letterbox(column, 1, 20)
    assert (out == 1).all()


def test_auto_is_the_fastest_implementation() -> None:
    names = kernels.implementations()
    assert names[:2] == ("scalar", "vector")
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    fastest, _ = kernels.letterbox(image, 32, 24, impl=names[-1])
    np.testing.assert_array_equal(kernels.letterbox(image, 32, 24)[0], fastest)
