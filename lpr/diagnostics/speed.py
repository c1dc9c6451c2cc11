"""The speed of several runtimes, measured in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TypeAlias

from lpr.darknet.cfg import read_cfg
from lpr.errors import wrap_plugin_errors
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.timing import detector_run, median_seconds, recognizer_run
from lpr.specs import DetectorModel, RecognizerModel

ROUNDS = 15
_MIN_ROUNDS = 3  # Rounds for networks so large that a batch takes seconds
_BUDGET = 20.0  # Seconds after which no further round begins

_Runtimes: TypeAlias = Mapping[str, AbstractContextManager[Callable[[], object]]]


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
    opened = {r.name: detector_run(r, model, threads, batch) for r in runtimes}
    for name, seconds in _measure("detector", opened, batch, rounds).items():
        yield Speed("detector", name, threads, batch, 1e3 * seconds, operations / seconds)


def recognizer_speeds(
    runtimes: Sequence[RecognizerRuntime],
    model: RecognizerModel,
    threads: int,
    batch: int,
    rounds: int = ROUNDS,
) -> Iterator[Speed]:
    """As :func:`detector_speeds`, on random crops of 40 x 120 pixels; includes rectifying and
    decoding."""
    opened = {r.name: recognizer_run(r, model, threads, batch) for r in runtimes}
    for name, seconds in _measure("recognizer", opened, batch, rounds).items():
        yield Speed("recognizer", name, threads, batch, 1e3 * seconds)


def _measure(stage: str, runtimes: _Runtimes, batch: int, rounds: int) -> dict[str, float]:
    """Open the runtimes, and return the median seconds of each per item of a batch."""
    with ExitStack() as stack:
        runs = {}
        for name, runtime in runtimes.items():
            with wrap_plugin_errors(f"{stage} runtime {name}"):
                runs[name] = stack.enter_context(runtime)
        medians = median_seconds(runs, rounds, _MIN_ROUNDS, _BUDGET)
    return {name: seconds / batch for name, seconds in medians.items()}
