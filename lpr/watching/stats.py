"""What a watch costs: time by stage, frames dropped, frames in flight."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from lpr.types import Timing


@dataclass
class WatchStats:
    """Totals over all threads and cameras of a watch."""

    stages: dict[str, float] = field(default_factory=dict)
    """Seconds of thread time by stage."""
    frames: int = 0
    """Frames from the sources."""
    detected: int = 0
    """Frames that went through the detector."""
    dropped: int = 0
    """Frames of live sources that came too fast."""
    finished: int = 0
    """Frames whose event was made."""
    in_flight: int = 0
    """The camera's frames in flight, summed over all finished frames."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, stage: str, seconds: float) -> None:
        """Add to a stage's time."""
        with self._lock:
            self.stages[stage] = self.stages.get(stage, 0.0) + seconds

    def add_timing(self, timing: Timing) -> None:
        """Add the time of all stages of a measurement."""
        for stage, milliseconds in timing.stages.items():
            self.add(stage, milliseconds / 1000)

    def count(
        self,
        frames: int = 0,
        detected: int = 0,
        dropped: int = 0,
        finished: int = 0,
        in_flight: int = 0,
    ) -> None:
        """Add to the counters."""
        with self._lock:
            self.frames += frames
            self.detected += detected
            self.dropped += dropped
            self.finished += finished
            self.in_flight += in_flight
