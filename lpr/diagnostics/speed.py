"""The speed of several runtimes, measured in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from lpr.darknet.cfg import read_cfg
from lpr.errors import wrap_plugin_errors
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.timing import detector_run, median_seconds, recognizer_run
from lpr.specs import DetectorModel, RecognizerModel

ROUNDS = 15
_MIN_ROUNDS = 3  # Rounds for networks so large that a batch takes seconds
_BUDGET = 20.0  # Seconds after which no further round begins


@dataclass(frozen=True, slots=True)
class Speed:
    """The median wall time of a runtime: milliseconds per picture or crop of a batch.

    ``gflops`` is the cfg's operations per second in billions (:meth:`lpr.darknet.cfg.Cfg.bflops`);
    None for recognizers, whose files do not state their operations.
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
    """Measure ``runtimes`` on the same random inputs of the model's size.

    Raises as ``runtime.open`` does.
    """
    operations = read_cfg(model.cfg).bflops(model.spec.width, model.spec.height)
    with ExitStack() as stack:
        runs: dict[str, Callable[[], object]] = {}
        for runtime in runtimes:
            with wrap_plugin_errors(f"detector runtime {runtime.name}"):
                opened = detector_run(runtime, model, threads, batch)
                runs[runtime.name] = stack.enter_context(opened)
        for name, seconds in median_seconds(runs, rounds, _MIN_ROUNDS, _BUDGET).items():
            each = seconds / batch
            yield Speed("detector", name, threads, batch, 1e3 * each, operations / each)


def recognizer_speeds(
    runtimes: Sequence[RecognizerRuntime],
    model: RecognizerModel,
    threads: int,
    batch: int,
    rounds: int = ROUNDS,
) -> Iterator[Speed]:
    """As :func:`detector_speeds`, on random crops of 40 x 120 pixels; includes rectifying and
    decoding."""
    with ExitStack() as stack:
        runs: dict[str, Callable[[], object]] = {}
        for runtime in runtimes:
            with wrap_plugin_errors(f"recognizer runtime {runtime.name}"):
                opened = recognizer_run(runtime, model, threads, batch)
                runs[runtime.name] = stack.enter_context(opened)
        for name, seconds in median_seconds(runs, rounds, _MIN_ROUNDS, _BUDGET).items():
            yield Speed("recognizer", name, threads, batch, 1e3 * seconds / batch)
