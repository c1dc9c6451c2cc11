"""Milliseconds of each runtime, all of them in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np

from lpr.darknet.cfg import read_cfg
from lpr.errors import wrap_plugin_errors
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Crop
from lpr.utils.closing import close_with_timeout

ROUNDS = 15
# Large networks take seconds for a batch: they get fewer rounds.
_FEWEST = 3
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Speed:
    """The median wall time of a runtime: milliseconds for each picture or crop of a batch.

    ``gflops`` are thousands of millions of the cfg's operations in a second
    (:meth:`lpr.darknet.cfg.Cfg.bflops`); None for recognizers, whose files do not say.
    """

    stage: str
    runtime: str
    threads: int
    batch: int
    ms: float
    gflops: float | None = None


def detector_speeds(
    runtimes: Sequence[DetectorRuntime],
    model: DetectorModel,
    threads: int,
    batch: int,
    rounds: int = ROUNDS,
) -> Iterator[Speed]:
    """Each of ``runtimes`` on the same random inputs of the model's size.

    They take turns, so that whatever else the machine does slows all of them. Raises as
    ``runtime.open`` does.
    """
    spec = model.spec
    operations = read_cfg(model.cfg).bflops(spec.width, spec.height)
    inputs = np.random.default_rng(0).random((batch, 3, spec.height, spec.width), np.float32)
    with ExitStack() as stack:
        runs: dict[str, Callable[[], object]] = {}
        for runtime in runtimes:
            with wrap_plugin_errors(f"detector runtime {runtime.name}"):
                network = runtime.open(model, threads)
            stack.callback(close_with_timeout, f"detector runtime {runtime.name}", network.close)
            runs[runtime.name] = partial(network.forward, inputs)
        for name, seconds in _in_turn(runs, rounds).items():
            each = seconds / batch
            yield Speed("detector", name, threads, batch, 1e3 * each, operations / each)


def recognizer_speeds(
    runtimes: Sequence[RecognizerRuntime],
    model: RecognizerModel,
    threads: int,
    batch: int,
    rounds: int = ROUNDS,
) -> Iterator[Speed]:
    """As :func:`detector_speeds`, on crops of 40 x 120 random pixels, cutting and decoding
    included."""
    random = np.random.default_rng(0)
    crops = [
        Crop.whole(random.integers(0, 256, (40, 120, 3), dtype=np.uint8)) for _ in range(batch)
    ]
    with ExitStack() as stack:
        runs: dict[str, Callable[[], object]] = {}
        for runtime in runtimes:
            with wrap_plugin_errors(f"recognizer runtime {runtime.name}"):
                recognizer = as_text_recognizer(runtime.open(model, threads))
            stack.callback(
                close_with_timeout, f"recognizer runtime {runtime.name}", recognizer.close
            )
            runs[runtime.name] = partial(recognizer.read, crops)
        for name, seconds in _in_turn(runs, rounds).items():
            yield Speed("recognizer", name, threads, batch, 1e3 * seconds / batch)


def _in_turn(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each, after a warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    begin = time.perf_counter()
    for number in range(rounds):
        if number >= _FEWEST and time.perf_counter() - begin > _PATIENCE:
            break
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
