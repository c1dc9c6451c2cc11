"""Statistics of a watch: time by stage, frames dropped, frames in flight."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from lpr.types import Timing


@dataclass
class WatchStats:
    """Totals over all threads and cameras of a watch.

    ``stages`` are seconds of thread time by stage. ``frames`` came from the sources, ``detected``
    of them went through the detector, ``dropped`` came too fast, ``finished`` became events.
    ``stated`` is how many frames the sources said that they have, and ``stating`` how many sources
    did. ``in_flight`` sums, over all finished frames, the camera's frames in flight at that time.
    """

    stages: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    detected: int = 0
    dropped: int = 0
    finished: int = 0
    in_flight: int = 0
    stated: int = 0
    stating: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, stage: str, seconds: float) -> None:
        """Add to a stage's time."""
        with self._lock:
            self.stages[stage] = self.stages.get(stage, 0.0) + seconds

    def add_timing(self, timing: Timing) -> None:
        """Add the stages of a measurement."""
        for stage, milliseconds in timing.stages.items():
            self.add(stage, milliseconds / 1000)

    def count(self, **numbers: int) -> None:
        """Add to the counters of these names."""
        with self._lock:
            for name, number in numbers.items():
                setattr(self, name, getattr(self, name) + number)
