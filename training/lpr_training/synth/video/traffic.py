"""The traffic of a video: when which vehicle is where, and where the camera sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from lpr.types import Float32
from lpr_training.synth.plates.texts import random_pattern, random_text
from lpr_training.synth.video.recipe import Lane, VideoRecipe

WIDTHS = {"car": 1.8, "van": 2.0, "scooter": 0.75}
"""Widths of vehicles, in metres."""

# Vehicles whose lanes are closer than the first keep at least the second apart, in metres.
_MIN_SIDE_GAP, _MIN_GAP = 0.9, 4.5

_TIME_STEP = 0.2  # Interval at which the distance of two vehicles is checked, in seconds


@dataclass(frozen=True, slots=True)
class Way:
    """One pass of a vehicle: piecewise linear motion along ``z`` at a constant ``x``."""

    kind: str
    text: str | None  # The plate's text; None for a random one that suits the kind
    seed: int  # Determines the vehicle's appearance
    x: float  # Metres to the right of the camera
    times: tuple[float, ...]  # Seconds from the video's start, ascending
    depths: tuple[float, ...]  # ``z`` at these times, in metres

    def depth_at(self, time: float) -> float | None:
        """``z`` in metres at a time, or None if the vehicle is not on the road."""
        if not self.times[0] <= time <= self.times[-1]:
            return None
        return float(np.interp(time, self.times, self.depths))


def ways(recipe: VideoRecipe) -> list[Way]:
    """Return all passes of a video; the same recipe gives the same ones."""
    found: list[Way] = []
    for number, lane in enumerate(recipe.lanes):
        rng = np.random.default_rng([recipe.seed, number])
        # Some vehicles are on the road already when the video begins.
        start = -rng.uniform(0, 1) * (lane.far - lane.near) / lane.speed
        while start < recipe.seconds:
            way = _pass(rng, lane, start)
            found.append(way)
            again = way.times[-1] + recipe.return_after - start
            if rng.random() < recipe.returns and start + again < recipe.seconds:
                # Dropped below if another vehicle is in its way by then.
                found.append(replace(way, times=tuple(time + again for time in way.times)))
            start += lane.every * rng.uniform(0.5, 1.5) if not lane.halt else lane.every
    for number, parked in enumerate(recipe.parked):
        rng = np.random.default_rng([recipe.seed, 1000 + number])
        seed, text = int(rng.integers(1 << 31)), _text(rng, parked.kind)
        always = (0.0, recipe.seconds)
        found.append(Way(parked.kind, text, seed, parked.x, always, (parked.z, parked.z)))
    kept: list[Way] = []  # without those that would collide with an earlier one
    for way in sorted(found, key=lambda way: way.times[0]):
        near = [other for other in kept if abs(other.x - way.x) < _MIN_SIDE_GAP]
        if not any(_collide(way, other) for other in near):
            kept.append(way)
    return kept


def _collide(way: Way, other: Way) -> bool:
    start, stop = max(way.times[0], other.times[0]), min(way.times[-1], other.times[-1])
    times = np.arange(start, stop, _TIME_STEP)
    gap = np.interp(times, way.times, way.depths) - np.interp(times, other.times, other.depths)
    return bool(len(times)) and float(np.abs(gap).min()) < _MIN_GAP


def _pass(rng: np.random.Generator, lane: Lane, start: float) -> Way:
    kind = lane.kinds[int(rng.integers(len(lane.kinds)))]
    x = lane.x + rng.normal(0, 0.12)
    speed = lane.speed * rng.uniform(0.97, 1.03)
    depths = [lane.far, lane.near]
    if lane.halt:
        depths[1:1] = [lane.halt_at, lane.halt_at]
    if lane.direction == "away":
        depths.reverse()
    times = [start]
    for before, after in pairwise(depths):
        stay = lane.halt * rng.uniform(0.7, 1.3) if before == after else abs(after - before) / speed
        times.append(times[-1] + stay)
    return Way(kind, _text(rng, kind), int(rng.integers(1 << 31)), x, tuple(times), tuple(depths))


def _text(rng: np.random.Generator, kind: str) -> str | None:
    """A car's text, mostly of Taiwan's commonest format; None for other kinds."""
    if kind != "car":
        return None
    return random_text(rng, random_pattern(rng) if rng.random() < 0.3 else "AAA-9999")


def stance(recipe: VideoRecipe, kind: str, tall: float, x: float, z: float) -> Float32:
    """Return the corners in the picture (``4 x 2``, pixels) of a vehicle at ``(x, z)`` metres,
    whose height is ``tall`` times its width, for a camera at rest."""
    camera = recipe.camera
    focal = camera.focal * recipe.width
    middle = recipe.width / 2 + focal * x / z
    ground = recipe.height * camera.horizon + focal * camera.height / z
    wide = focal * WIDTHS[kind] / z
    high = wide * tall
    # Seen from the side, the nearer edge is higher and the vehicle narrower.
    turn = float(np.clip(0.25 * x / z, -0.15, 0.15))
    half = wide / 2 * (1 - turn * turn)
    left, right = high * (1 + turn / 2), high * (1 - turn / 2)
    slope = turn * wide * 0.1
    upper = [middle - half, ground - left + slope], [middle + half, ground - right - slope]
    lower = [middle + half, ground - slope], [middle - half, ground + slope]
    return np.array([*upper, *lower], np.float32)
