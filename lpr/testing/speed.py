"""The speed of a runtime on this machine: a report, not a test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.timing import detector_run, median_seconds, recognizer_run
from lpr.specs import DetectorModel, RecognizerModel

_BATCHES = (1, 8)
_ROUNDS = 7  # At most; fewer if they take more than 2 seconds


@dataclass(frozen=True, slots=True)
class Speed:
    """The median wall time of a batch: milliseconds per crop or picture."""

    batch: int
    ms_each: float


def recognizer_speed(
    runtime: RecognizerRuntime, model: RecognizerModel, threads: int = 1
) -> list[Speed]:
    """The speeds of reading 1 and 8 crops of 40 x 120 pixels, after a warm-up."""
    return speeds_of(partial(recognizer_run, runtime, model, threads))


def detector_speed(runtime: DetectorRuntime, model: DetectorModel, threads: int = 1) -> list[Speed]:
    """The speeds of 1 and 8 inputs of the model's size, after a warm-up."""
    return speeds_of(partial(detector_run, runtime, model, threads))


def speeds_of(opened: Callable[[int], AbstractContextManager[Callable[[], object]]]) -> list[Speed]:
    """The speeds of batches of 1 and 8: ``opened`` gives the run of a batch in a context."""
    speeds = []
    for batch in _BATCHES:
        with opened(batch) as run:
            seconds = median_seconds({"": run}, _ROUNDS)[""]
            speeds.append(Speed(batch, 1000 * seconds / batch))
    return speeds
