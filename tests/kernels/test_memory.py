"""No kernel reads outside its picture, and all let other threads run."""

from __future__ import annotations

import ctypes
import mmap
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from lpr import kernels

SIZES = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (13, 15), (127, 31), (16, 64)]
PROTECTION_NONE, READ_WRITE = 0, 3


@pytest.fixture
def fenced() -> Iterator[np.ndarray]:
    """A page of memory between two that must not be touched."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "mprotect"):
        pytest.skip("no mprotect here")
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 3 * (5 * page))
    view = np.frombuffer(memory, np.uint8)
    start = view.ctypes.data
    fences = [start, start + 10 * page]
    for address in fences:
        assert libc.mprotect(ctypes.c_void_p(address), 5 * page, PROTECTION_NONE) == 0
    yield view[5 * page : 10 * page]
    for address in fences:
        libc.mprotect(ctypes.c_void_p(address), 5 * page, READ_WRITE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("gap", [0, 1, 7])
@pytest.mark.parametrize("side", ["start", "end"])
def test_nothing_is_read_outside_the_picture(
    impl: str,
    fenced: np.ndarray,
    rng: np.random.Generator,
    size: tuple[int, int],
    gap: int,
    side: str,
) -> None:
    height, width = size
    stride = 3 * width + gap
    used = (height - 1) * stride + 3 * width
    memory = fenced[:used] if side == "start" else fenced[-used:]
    image = np.lib.stride_tricks.as_strided(memory, (height, width, 3), (stride, 3, 1))
    image[:] = rng.integers(0, 256, image.shape)
    quads = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float32) * np.float32([width, height])
    quads = np.concatenate([quads, quads * np.float32(3) - np.float32(width)])
    copy = image.copy()
    for out in ((1, 1), (15, 13), (40, 3), (64, 64)):
        for interpolation in ("area", "linear"):
            np.testing.assert_array_equal(
                kernels.letterbox(image, *out, interpolation=interpolation, impl=impl)[0],
                kernels.letterbox(copy, *out, interpolation=interpolation, impl=impl)[0],
            )
        np.testing.assert_array_equal(
            kernels.warp(image, quads, *out, impl=impl), kernels.warp(copy, quads, *out, impl=impl)
        )


def slow_calls() -> dict[str, Callable[[], object]]:
    """Each takes some tens of milliseconds."""
    rng = np.random.default_rng(1)
    image = np.zeros((2000, 2000, 3), np.uint8)
    quads = np.repeat(np.array([[[0, 0], [9, 0], [9, 9], [0, 9]]], np.float32), 50, 0)
    corners = rng.uniform(0, 1e5, (5000, 2)).astype(np.float32)
    boxes, scores = np.concatenate([corners, corners + 1], 1), np.ones(5000, np.float32)
    logits = np.zeros((100, 200, 100), np.float32)
    texts, weights = ["ABCDEFGHIJ" * 20] * 20, [[1.0] * 200] * 20
    return {
        "letterbox": lambda: kernels.letterbox(image, 500, 500, impl="scalar"),
        "warp": lambda: kernels.warp(image, quads, 128, 128, impl="scalar"),
        "nms": lambda: kernels.nms(boxes, scores, 0.5, impl="scalar"),
        "ctc_greedy": lambda: kernels.ctc_greedy(logits, 0, impl="scalar"),
        "vote": lambda: kernels.vote(texts, weights, impl="scalar"),
    }


@pytest.mark.parametrize("kernel", slow_calls())
def test_other_threads_run_meanwhile(kernel: str) -> None:
    """With Python's own switching of threads off, only a kernel that lets go lets us run.

    On a busy machine we may come too late for one call, hardly for ten.
    """
    call = slow_calls()[kernel]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        assert any(lets_us_run(call) for _ in range(10))
    finally:
        sys.setswitchinterval(interval)


def lets_us_run(call: Callable[[], object]) -> bool:
    started, finished = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        call()
        finished.set()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    meanwhile = not finished.is_set()
    thread.join()
    return meanwhile
