"""How fast a runtime is here: a report to read, not a promise to be tested."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.specs import DetectorModel, RecognizerModel
from lpr.testing.samples import noise
from lpr.types import Crop
from lpr.utils.closing import close_with_timeout

_BATCHES = (1, 8)
_ROUNDS = 7
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Median wall time of a batch: milliseconds for each of its crops or pictures."""

    batch: int
    ms_each: float


def recognizer_speed(
    runtime: RecognizerRuntime, model: RecognizerModel, threads: int = 1
) -> list[Speed]:
    """Speeds of reading 1 and 8 crops of 40 x 120 pixels, after a warm-up."""
    recognizer = as_text_recognizer(runtime.open(model, threads))
    crops = [Crop.whole(noise(40, 120, seed)) for seed in range(max(_BATCHES))]
    try:
        return [_speed(size, partial(recognizer.read, crops[:size])) for size in _BATCHES]
    finally:
        close_with_timeout(f"recognizer runtime {runtime.name}", recognizer.close)


def detector_speed(runtime: DetectorRuntime, model: DetectorModel, threads: int = 1) -> list[Speed]:
    """Speeds of looking at 1 and 8 inputs of the model's size, after a warm-up."""
    network = runtime.open(model, threads)
    shape = (max(_BATCHES), 3, model.spec.height, model.spec.width)
    inputs = np.random.default_rng(0).random(shape, np.float32)
    try:
        return [_speed(size, partial(network.forward, inputs[:size])) for size in _BATCHES]
    finally:
        close_with_timeout(f"detector runtime {runtime.name}", network.close)


def _speed(batch: int, run: Callable[[], object]) -> Speed:
    run()
    seconds: list[float] = []
    while len(seconds) < _ROUNDS and sum(seconds) < _SECONDS:
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return Speed(batch, 1000 * statistics.median(seconds) / batch)
