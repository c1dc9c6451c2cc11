"""A road without pictures: plates that move as they are told, a detector and a recognizer that know
them, and a watch over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from lpr.detection.detector import Detector
from lpr.reader import Reader
from lpr.regions.taiwan import TAIWAN
from lpr.sightings import Sighting
from lpr.types import Box, Character, Crop, Detection, Frame, Image, Reading
from lpr.watching import Watcher, WatchSettings
from lpr.watching.settings import DEFAULTS
from tests.samples import DETECTOR_SPEC, FixedNetwork

WIDTH, HEIGHT, FPS = 640, 360, 30


def still(x: float, y: float) -> Callable[[int], tuple[float, float]]:
    return lambda frame: (x, y)


@dataclass
class Vehicle:
    """Its plate is at ``place(frame)`` from ``first`` to ``last``, 60 x 30 pixels; ``says`` is what
    is read of it in a frame."""

    says: str | Callable[[int], str]
    first: int
    last: int
    place: Callable[[int], tuple[float, float]]
    confidence: float = 0.95
    hidden: range = range(0)
    certain: float = 0.98
    size: float = 60

    def box(self, frame: int) -> Box | None:
        if not self.first <= frame <= self.last or frame in self.hidden:
            return None
        x, y = self.place(frame)
        return Box(x, y, x + self.size, y + self.size / 2)

    def reading(self, frame: int) -> Reading:
        text = self.says if isinstance(self.says, str) else self.says(frame)
        return Reading(text, self.certain, tuple(Character(c, self.certain) for c in text))


@dataclass
class Road:
    """``reads`` counts the crops that were read; ``now`` is the frame that is looked at."""

    vehicles: Sequence[Vehicle]
    now: int = 0
    reads: int = 0
    image: Image = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH, 3), np.uint8))

    def detections(self, frame: int) -> list[Detection]:
        return [
            Detection(box, box.quad, vehicle.confidence)
            for vehicle in self.vehicles
            if (box := vehicle.box(frame)) is not None
        ]

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        self.reads += len(crops)
        return [self._read(crop) for crop in crops]

    def _read(self, crop: Crop) -> Reading:
        for vehicle in self.vehicles:
            box = vehicle.box(self.now)
            if box is not None and box.quad == crop.quad:
                return vehicle.reading(self.now)
        raise AssertionError("nothing is there")

    def close(self) -> None:
        pass

    def reader(self) -> Reader:
        detector = Detector(FixedNetwork(), [], DETECTOR_SPEC)
        return Reader(detector, self, [TAIWAN], min_confidence=0.1)

    def frame(self, number: int, clock: float | None = None) -> Frame:
        return Frame(self.image, "road.mp4", number, number / FPS, clock)


def watched(
    road: Road,
    frames: int,
    settings: WatchSettings = DEFAULTS,
    looked: Callable[[int], bool] | None = None,
) -> list[Sighting]:
    return list(watching(road, frames, settings, looked))


def watching(
    road: Road,
    frames: int,
    settings: WatchSettings = DEFAULTS,
    looked: Callable[[int], bool] | None = None,
) -> Iterator[Sighting]:
    watcher = Watcher("gate", "road.mp4", road.reader(), settings)
    for number in range(frames):
        road.now = number
        if looked is None or looked(number):
            yield from watcher.see(road.frame(number), road.detections(number))
        else:
            yield from watcher.skip(road.frame(number), still=False)
    yield from watcher.end()
