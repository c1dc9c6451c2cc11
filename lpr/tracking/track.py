"""One vehicle's plate on its way through the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lpr.sightings import Direction, FrameTime, Observation
from lpr.tracking.fusion import Consensus
from lpr.tracking.reread_policy import RereadPolicy
from lpr.types import Box, Detection, Reading

_VELOCITY_WINDOW = 4  # Detections from which velocity and growth are estimated
_MAX_PREDICTION = 1.0  # Seconds ahead for which the motion is taken to continue
_MAX_LOG_GROWTH = 0.7  # Bound on the predicted growth: its natural logarithm (a factor of 2)
_MAX_PATH = 32  # Positions in a path
_MAX_OBSERVATIONS = 3  # Texts whose best observation is kept, with its picture
_MAX_READINGS = 200  # Readings kept: a parked car would be read 100,000 times
_RESET_AFTER = 0.2  # Seconds without a detection after which the plate is read again at once
_DIRECTION_LOG_GROWTH = math.log(1.25)  # Growth of an approaching vehicle's plate, at least


@dataclass(slots=True, eq=False)
class Track:
    """The detections and readings of one plate.

    ``seen`` counts its detections, ``mean_confidence`` (0..1) is their mean; ``reads`` counts its
    readings, of which ``readings`` keeps the most certain. ``observations`` holds the best one of
    each text. ``path`` holds positions over time, at most 32. A track is ``detached`` when another
    vehicle has taken its place: it is matched by its text only.
    """

    number: int
    first: FrameTime
    last: FrameTime
    box: Box
    detection: Detection
    seen: int = 0
    mean_confidence: float = 0.0
    readings: list[Reading] = field(default_factory=list)
    reads: int = 0
    consensus: Consensus | None = None
    reread: RereadPolicy = field(default_factory=RereadPolicy)
    observations: dict[str, Observation] = field(default_factory=dict)
    path: list[tuple[float, Box]] = field(default_factory=list)
    detached: bool = False
    _recent: list[tuple[float, Box]] = field(default_factory=list)
    _path_interval: float = 0.0

    @classmethod
    def start(cls, number: int, moment: FrameTime, detection: Detection) -> Track:
        """A track with its first detection."""
        track = cls(number, moment, moment, detection.box, detection)
        track.update(moment, detection)
        return track

    @property
    def text(self) -> str:
        """The consensus of its readings; empty if nothing was read."""
        return self.consensus.reading.text if self.consensus else ""

    def update(self, moment: FrameTime, detection: Detection) -> None:
        """Add a detection."""
        if moment.time - self.last.time > _RESET_AFTER:
            self.reread.reset()
        self.last, self.box, self.detection = moment, detection.box, detection
        self.seen += 1
        self.mean_confidence += (detection.confidence - self.mean_confidence) / self.seen
        self._recent = [*self._recent[1 - _VELOCITY_WINDOW :], (moment.time, detection.box)]
        if not self.path or moment.time - self.path[-1][0] >= self._path_interval:
            self.path.append((moment.time, detection.box))
        if len(self.path) > _MAX_PATH:
            # Halve the path, and its rate from here on.
            self.path = self.path[::2]
            self._path_interval = max(2 * self._path_interval, self.path[1][0] - self.path[0][0])

    def add_reading(self, seen: Observation, consensus: Consensus | None) -> None:
        """Add a reading, and the consensus of all readings including it."""
        self.readings.append(seen.reading)
        self.reads += 1
        if len(self.readings) > _MAX_READINGS:
            self.readings.remove(min(self.readings, key=lambda reading: reading.confidence))
        self.consensus = consensus
        if not seen.reading.text:
            return
        self._keep_best(seen)
        if len(self.observations) > _MAX_OBSERVATIONS:
            likeliest = sorted(
                self.observations,
                key=lambda text: (text != self.text, -self._total_confidence(text), text),
            )
            kept = likeliest[:_MAX_OBSERVATIONS]
            self.observations = {text: self.observations[text] for text in kept}

    def _keep_best(self, seen: Observation) -> None:
        best = self.observations.get(seen.reading.text)
        if best is None or seen.reading.confidence >= best.reading.confidence:
            self.observations[seen.reading.text] = seen

    def merge(self, later: Track) -> None:
        """Continue as ``later``, which is the same vehicle."""
        self.last, self.box, self.detection = later.last, later.box, later.detection
        share = later.seen / (self.seen + later.seen)
        self.mean_confidence += (later.mean_confidence - self.mean_confidence) * share
        self.seen += later.seen
        self.readings += later.readings
        self.reads += later.reads
        for seen in later.observations.values():
            self._keep_best(seen)
        self.reread, self._recent, self.detached = later.reread, later._recent, later.detached
        self.path = (self.path + later.path)[-_MAX_PATH:]

    def predicted(self, time: float) -> Box:
        """The box at ``time`` (seconds) if the plate keeps its velocity and rate of growth."""
        (t0, b0), (t1, b1) = self._recent[0], self._recent[-1]
        if t1 <= t0:
            return self.box
        ahead = min(time - t1, _MAX_PREDICTION) / (t1 - t0)
        x = b1.center[0] + (b1.center[0] - b0.center[0]) * ahead
        y = b1.center[1] + (b1.center[1] - b0.center[1]) * ahead
        half_width = _extrapolated(b0.width, b1.width, ahead) / 2
        half_height = _extrapolated(b0.height, b1.height, ahead) / 2
        return Box(x - half_width, y - half_height, x + half_width, y + half_height)

    @property
    def direction(self) -> Direction:
        """Whether it came nearer, went away, or crossed the picture.

        Only sizes up to, or from, the largest one count: the picture's edge cuts leaving plates.
        """
        path = [*self.path, (self.last.time, self.box)]
        (start, first), (end, last) = path[0], path[-1]
        time, largest = max(path, key=lambda place: place[1].width)
        late = time - start >= end - time
        growth = math.log(max(largest.width, 1.0) / max((first if late else last).width, 1.0))
        if growth >= _DIRECTION_LOG_GROWTH:
            return "towards" if late else "away"
        across = (last.center[0] - first.center[0]) / max(largest.width, 1.0)
        if abs(across) >= 1:
            return "right" if across > 0 else "left"
        return "still"

    @property
    def best(self) -> Observation | None:
        """The most certain observation of the consensus text, else of any text."""
        agreeing = self.observations.get(self.text)
        return agreeing or max(
            self.observations.values(), key=lambda seen: seen.reading.confidence, default=None
        )

    def _total_confidence(self, text: str) -> float:
        return sum(reading.confidence for reading in self.readings if reading.text == text)


def _extrapolated(before: float, after: float, ahead: float) -> float:
    """A length in pixels, growing exponentially, ``ahead`` times the interval later."""
    growth = math.log(max(after, 1.0) / max(before, 1.0)) * ahead
    return max(after, 1.0) * math.exp(min(max(growth, -_MAX_LOG_GROWTH), _MAX_LOG_GROWTH))
