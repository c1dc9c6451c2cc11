"""One vehicle's plate on its way through the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lpr.sightings import Direction, FrameTime, Observation
from lpr.tracking.fusion import Consensus
from lpr.tracking.reread_policy import RereadPolicy
from lpr.types import Box, Detection, Reading

_MEMORY = 4
_PATH = 32
_KEPT_VIEWS = 3
_KEPT_READINGS = 200
_LOST = 0.2
_NEARER = math.log(1.25)


@dataclass(slots=True, eq=False)
class Track:
    """What is known of it: where it was when, what was read, and the best looks at it.

    ``seen`` counts the frames in which it was found, ``certainty`` is the mean confidence of these
    detections, 0..1; ``reads`` counts its readings, of which ``readings`` keeps the most certain
    ones. ``number`` is given by the tracker. One that is ``adrift`` is found again by
    its text only: another vehicle is where it was.
    """

    number: int
    first: FrameTime
    last: FrameTime
    box: Box
    detection: Detection
    seen: int = 0
    certainty: float = 0.0
    readings: list[Reading] = field(default_factory=list)
    reads: int = 0
    consensus: Consensus | None = None
    looks: RereadPolicy = field(default_factory=RereadPolicy)
    views: dict[str, Observation] = field(default_factory=dict)
    path: list[tuple[float, Box]] = field(default_factory=list)
    adrift: bool = False
    _recent: list[tuple[float, Box]] = field(default_factory=list)
    _stride: float = 0.0

    @classmethod
    def begin(cls, number: int, moment: FrameTime, detection: Detection) -> Track:
        """A track that was just found."""
        track = cls(number, moment, moment, detection.box, detection)
        track.found(moment, detection)
        return track

    @property
    def text(self) -> str:
        """What its readings agree on; empty where nothing was read."""
        return self.consensus.reading.text if self.consensus else ""

    def found(self, moment: FrameTime, detection: Detection) -> None:
        """It was found once more."""
        if moment.time - self.last.time > _LOST:
            self.looks.recheck()
        self.last, self.box, self.detection = moment, detection.box, detection
        self.seen += 1
        self.certainty += (detection.confidence - self.certainty) / self.seen
        self._recent = [*self._recent[1 - _MEMORY :], (moment.time, detection.box)]
        if not self.path or moment.time - self.path[-1][0] >= self._stride:
            self.path.append((moment.time, detection.box))
        if len(self.path) > _PATH:
            # Every other place goes, and new ones come half as often.
            self.path = self.path[::2]
            self._stride = max(2 * self._stride, self.path[1][0] - self.path[0][0])

    def read(self, view: Observation, consensus: Consensus | None) -> None:
        """A look at it, and what all looks, this one included, agree on."""
        text = view.reading.text
        self.readings.append(view.reading)
        self.reads += 1
        if len(self.readings) > _KEPT_READINGS:
            # Who stands for weeks is read a hundred thousand times.
            self.readings.remove(min(self.readings, key=lambda reading: reading.confidence))
        self.consensus = consensus
        if not text:
            return
        best = self.views.get(text)
        if best is None or view.reading.confidence >= best.reading.confidence:
            self.views[text] = view
        if len(self.views) > _KEPT_VIEWS:
            # Pictures are large: only the likeliest texts keep theirs.
            kept = sorted(self.views, key=lambda t: (t != self.text, -self._said(t), t))
            self.views = {t: self.views[t] for t in kept[:_KEPT_VIEWS]}

    def absorb(self, later: Track) -> None:
        """``later`` is the same vehicle, found again."""
        self.last, self.box, self.detection = later.last, later.box, later.detection
        share = later.seen / (self.seen + later.seen)
        self.certainty += (later.certainty - self.certainty) * share
        self.seen += later.seen
        self.readings += later.readings
        self.reads += later.reads
        for text, view in later.views.items():
            mine = self.views.get(text)
            if mine is None or view.reading.confidence >= mine.reading.confidence:
                self.views[text] = view
        self.looks, self._recent, self.adrift = later.looks, later._recent, later.adrift
        self.path = (self.path + later.path)[-_PATH:]

    def predicted(self, time: float) -> Box:
        """Where it will be, if it goes on moving and growing as of late."""
        (t0, b0), (t1, b1) = self._recent[0], self._recent[-1]
        if t1 <= t0:
            return self.box
        # Beyond a second nothing goes on as it was.
        ahead = min(time - t1, 1.0) / (t1 - t0)
        x = b1.center[0] + (b1.center[0] - b0.center[0]) * ahead
        y = b1.center[1] + (b1.center[1] - b0.center[1]) * ahead
        half_width = _grown(b0.width, b1.width, ahead) / 2
        half_height = _grown(b0.height, b1.height, ahead) / 2
        return Box(x - half_width, y - half_height, x + half_width, y + half_height)

    @property
    def direction(self) -> Direction:
        """Where it went: nearer, away, or across the picture.

        Sizes count up to the largest one and from there on: the picture's edge cuts what leaves.
        """
        path = [*self.path, (self.last.time, self.box)]
        (begin, first), (end, last) = path[0], path[-1]
        time, largest = max(path, key=lambda place: place[1].width)
        late = time - begin >= end - time
        growth = math.log(max(largest.width, 1.0) / max((first if late else last).width, 1.0))
        if growth >= _NEARER:
            return "towards" if late else "away"
        across = (last.center[0] - first.center[0]) / max(largest.width, 1.0)
        if abs(across) >= 1:
            return "right" if across > 0 else "left"
        return "still"

    @property
    def best(self) -> Observation | None:
        """The clearest look that read what all agree on, else the clearest of all."""
        said = self.views.get(self.text)
        return said or max(self.views.values(), key=lambda v: v.reading.confidence, default=None)

    def _said(self, text: str) -> float:
        return sum(reading.confidence for reading in self.readings if reading.text == text)


def _grown(before: float, after: float, ahead: float) -> float:
    rate = math.log(max(after, 1.0) / max(before, 1.0)) * ahead
    return max(after, 1.0) * math.exp(min(max(rate, -0.7), 0.7))
