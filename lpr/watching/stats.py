"""What a watch costs: the time of its stages, how full its queues are, what was dropped."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class WatchStats:
    """Adds up over threads. ``stages`` are seconds, ``frames`` those that came, ``looked`` those
    that the detector saw, ``dropped`` those that came too fast; ``queued`` sums how many frames
    were under way whenever one was done, ``done`` counts those."""

    stages: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    looked: int = 0
    dropped: int = 0
    queued: int = 0
    done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self.stages[stage] = self.stages.get(stage, 0.0) + seconds

    def count(
        self, frames: int = 0, looked: int = 0, dropped: int = 0, queued: int = 0, done: int = 0
    ) -> None:
        with self._lock:
            self.frames += frames
            self.looked += looked
            self.dropped += dropped
            self.queued += queued
            self.done += done
