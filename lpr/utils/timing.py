"""The time of each stage of a frame: stages report to the stopwatch of their thread, if any.

::

    with measuring() as clock:
        reader.read(image)
    clock.timing().stages  # {"letterbox": 0.3, "detector": 16.2, ...}
"""

from __future__ import annotations

import time
from contextvars import ContextVar

from lpr.types import Timing

_STOPWATCH: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


class Stopwatch:
    """Adds up the time of each stage; a stage may run more than once."""

    def __init__(self) -> None:
        self._began = self._ended = 0.0
        self._stages: dict[str, float] = {}

    def add(self, stage: str, seconds: float) -> None:
        self._stages[stage] = self._stages.get(stage, 0.0) + seconds * 1000

    def timing(self) -> Timing:
        """The times measured within :func:`measuring`, in milliseconds."""
        return Timing((self._ended - self._began) * 1000, dict(self._stages))

    def __enter__(self) -> Stopwatch:
        self._token = _STOPWATCH.set(self)
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = time.perf_counter()
        _STOPWATCH.reset(self._token)


def measuring() -> Stopwatch:
    """A context that measures the stages of this thread."""
    return Stopwatch()


class stage:  # noqa: N801 - read as a keyword: `with stage("letterbox"):`
    """Counts the time in this context as the stage ``name``; nearly free without a stopwatch."""

    __slots__ = ("_began", "_clock", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._clock = _STOPWATCH.get()

    def __enter__(self) -> None:
        if self._clock is not None:
            self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._clock is not None:
            self._clock.add(self._name, time.perf_counter() - self._began)
