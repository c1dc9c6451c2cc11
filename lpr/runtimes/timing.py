"""The wall time of runtimes: for reports, not for tests."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import numpy as np

from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Crop
from lpr.utils.closing import close_with_timeout

CROP_SIZE = 40, 120
"""Height and width of a crop in pixels: a plate at a usual distance."""


@contextmanager
def detector_run(
    runtime: DetectorRuntime, model: DetectorModel, threads: int, batch: int = 1
) -> Iterator[Callable[[], object]]:
    """Open ``model``; yield a function that runs it on ``batch`` random inputs of its size."""
    network = runtime.open(model, threads)
    try:
        shape = (batch, 3, model.spec.height, model.spec.width)
        yield partial(network.forward, np.random.default_rng(0).random(shape, np.float32))
    finally:
        close_with_timeout(f"detector runtime {runtime.name}", network.close)


@contextmanager
def recognizer_run(
    runtime: RecognizerRuntime, model: RecognizerModel, threads: int, batch: int = 1
) -> Iterator[Callable[[], object]]:
    """As :func:`detector_run`, reading random crops; includes rectifying and decoding."""
    recognizer = as_text_recognizer(runtime.open(model, threads))
    try:
        random = np.random.default_rng(0)
        images = (random.integers(0, 256, (*CROP_SIZE, 3), dtype=np.uint8) for _ in range(batch))
        yield partial(recognizer.read, [Crop.whole(image) for image in images])
    finally:
        close_with_timeout(f"recognizer runtime {runtime.name}", recognizer.close)


def median_seconds(
    runs: Mapping[str, Callable[[], object]], rounds: int, min_rounds: int = 1, budget: float = 2.0
) -> dict[str, float]:
    """The median wall time of each run in seconds, after a warm-up.

    Runs take turns, so that other load on the machine slows all of them alike. After ``budget``
    seconds no round begins beyond the first ``min_rounds``.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    begin = time.perf_counter()
    for number in range(rounds):
        if number >= min_rounds and time.perf_counter() - begin > budget:
            break
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
