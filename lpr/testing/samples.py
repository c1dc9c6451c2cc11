"""Inputs of the conformance suite, and its comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from lpr.errors import ModelError
from lpr.types import Box, Crop, Float32, Image
from lpr.utils.closing import close_with_timeout

BATCHES = (1, 2, 5)
"""Batch sizes."""
THREADS = 4
TOLERANCE = 1e-3
"""Relative to the largest value: a batch may be summed in another order than a single picture."""

T = TypeVar("T")


def noise(height: int, width: int, seed: int = 0) -> Image:
    """Return a picture of blocky noise, the same for the same arguments."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    picture = coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    return np.ascontiguousarray(picture, np.uint8)


def sample_crops() -> list[Crop]:
    """Return crops of several sizes: one of a single pixel, one beyond its picture's edge."""
    street, close = noise(180, 320, seed=1), noise(64, 128, seed=2)
    return [
        Crop(street, Box(20, 30, 140, 80).quad),
        Crop(street, ((200, 40), (300, 60), (296, 110), (196, 90))),
        Crop.whole(close),
        Crop(street, Box(-15, 100, 60, 200).quad),
        Crop.whole(noise(1, 1, seed=3)),
    ]


def from_threads(ask: Callable[[], T]) -> Iterator[T]:
    """Call ``ask`` from :data:`THREADS` threads at once, twice each."""
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(lambda _: ask(), range(2 * THREADS))


def close_elsewhere(close: Callable[[], None]) -> None:
    """Close in another thread, as lpr does, and once more."""
    for _ in range(2):  # closing twice must work
        close_with_timeout("close", close)


def assert_close(given: Float32, expected: Float32, message: str) -> None:
    """Check for equal shapes and values, up to :data:`TOLERANCE` of the largest value."""
    assert given.shape == expected.shape, f"{message}: {given.shape} and {expected.shape}"
    scale = max(float(np.abs(expected).max(initial=0)), 1.0)
    difference = float(np.abs(given - expected).max(initial=0)) / scale
    assert difference <= TOLERANCE, f"{message}: by {difference:.2g} of the largest value"


def check_damaged(runtime: Any, model: Any, part: str) -> None:
    """Check that ``runtime`` refuses a ``model`` whose file ``part`` is cut off."""
    whole: Path = getattr(model, part)
    with TemporaryDirectory() as folder:
        file = Path(folder) / whole.name
        file.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        try:
            runtime.open(replace(model, **{part: file}), threads=1).close()
        except ModelError:
            return
    raise AssertionError(f"{runtime.name} opens a file that is cut off; raise ModelError")
