"""Who drives past a camera, when and where: a film's recipe, and the ways that follow from it.

The world is a flat road. ``x`` runs to the right and ``z`` away from the camera, both in metres
from the point below it; a pinhole camera looks along ``z``, ``height`` metres above the road.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from lpr.types import Float32
from lpr.utils.toml import build
from lpr_training.recipes import read
from lpr_training.synth.texts import random_pattern, random_text
from lpr_training.synth.vehicles import KINDS

WIDTHS = {"car": 1.8, "van": 2.0, "scooter": 0.75}
"""How wide vehicles are, in metres."""

Direction = Literal["towards", "away"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane ``x`` metres to the right of the camera, on which one vehicle after the other drives
    at ``speed`` metres a second, from ``far`` to ``near`` metres or back.

    The next one enters every ``every`` seconds, give or take a half. With ``halt`` seconds, each
    waits so long in ``halt_at`` metres, as at a gate; ``every`` has to leave time for that.
    """

    x: float
    direction: Direction
    speed: float
    every: float
    kinds: tuple[str, ...] = ("car", "car", "van")
    near: float = 3.5
    far: float = 28.0
    halt: float = 0.0
    halt_at: float = 7.0

    def __post_init__(self) -> None:
        if self.direction not in ("towards", "away"):
            raise ValueError(f"direction is towards or away, not {self.direction!r}")
        if unknown := set(self.kinds) - set(KINDS) or (set() if self.kinds else {"nothing"}):
            raise ValueError(f"kinds are {', '.join(KINDS)}, not {', '.join(sorted(unknown))}")
        if not (0 < self.near < self.far and self.speed > 0 and self.every > 0):
            raise ValueError("speed and every are above 0, and near lies between 0 and far")
        if self.halt and not self.near < self.halt_at < self.far:
            raise ValueError("halt_at lies between near and far")


@dataclass(frozen=True, slots=True)
class Parked:
    """A vehicle that stands at ``(x, z)``, in metres, all the time."""

    x: float
    z: float
    kind: str = "car"


@dataclass(frozen=True, slots=True)
class Post:
    """Something that stands between the camera and the road: ``x`` and ``width`` are shares of the
    picture's width; it hides all that is further away than ``z`` metres."""

    x: float
    width: float
    z: float = 3.0


@dataclass(frozen=True, slots=True)
class CameraRecipe:
    """``focal`` is a share of the picture's width, ``horizon`` one of its height (from the top).

    ``pan`` and ``sway`` are how far the camera turns to and fro, slowly and in the wind, as shares
    of the picture's width. ``blur`` is in pixels, ``noise`` in grey levels, ``shutter`` in seconds;
    ``crf`` is the film's quality as x264 counts it, lower being better.
    """

    height: float = 2.2
    focal: float = 0.85
    horizon: float = 0.3
    pan: float = 0.0
    pan_seconds: float = 20.0
    sway: float = 0.0
    blur: float = 0.6
    noise: float = 2.0
    shutter: float = 0.002
    crf: int = 23


@dataclass(frozen=True, slots=True)
class Light:
    """``street`` and ``plates`` are how bright each is (1 is day), ``lamps`` how strong the lights
    of vehicles, 0..1; ``drift`` is by how much all of it changes within half a minute; ``rain``
    counts streaks in a picture."""

    street: float = 1.0
    plates: float = 1.0
    lamps: float = 0.0
    drift: float = 0.0
    rain: int = 0


@dataclass(frozen=True, slots=True)
class FilmRecipe:
    """A film: its size, what stands and drives in it, and how it is seen.

    ``worn`` is the share of plates with stickers and paint that has come off, some of which nobody
    can read any more; ``returns`` is the share of vehicles that come by once more, on the lane that
    they came on, ``return_after`` seconds after they left.
    """

    seed: int
    lanes: tuple[Lane, ...] = ()
    parked: tuple[Parked, ...] = ()
    posts: tuple[Post, ...] = ()
    seconds: float = 60.0
    fps: int = 30
    width: int = 1920
    height: int = 1080
    worn: float = 0.0
    returns: float = 0.0
    return_after: float = 40.0
    camera: CameraRecipe = field(default_factory=CameraRecipe)
    light: Light = field(default_factory=Light)

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.fps > 0 and self.width >= 64 and self.height >= 64):
            raise ValueError("seconds and fps are above 0, width and height at least 64")
        if self.width % 2 or self.height % 2:
            raise ValueError("width and height are even, as H.264 wants them")

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)


@dataclass(frozen=True, slots=True)
class Way:
    """One pass of one vehicle: who it is (``seed`` gives its looks), and where it is when.

    ``times`` (seconds) and ``places`` (``z`` in metres) are the corners of its way; it drives
    evenly between them.
    """

    kind: str
    text: str | None
    seed: int
    x: float
    times: tuple[float, ...]
    places: tuple[float, ...]

    def at(self, time: float) -> float | None:
        """``z`` in metres at a time; None where it is not on the road."""
        if not self.times[0] <= time <= self.times[-1]:
            return None
        return float(np.interp(time, self.times, self.places))


def ways(recipe: FilmRecipe) -> list[Way]:
    """All passes of a film, in no particular order; the same recipe gives the same ones."""
    found: list[Way] = []
    for number, lane in enumerate(recipe.lanes):
        rng = np.random.default_rng([recipe.seed, number])
        # Some are on the road when the film begins: as in life.
        start = -rng.uniform(0, 1) * (lane.far - lane.near) / lane.speed
        while start < recipe.seconds:
            way = _pass(rng, lane, start)
            found.append(way)
            again = way.times[-1] + recipe.return_after - start
            if rng.random() < recipe.returns and start + again < recipe.seconds:
                moved = tuple(time + again for time in way.times)
                # Beside its lane, since that may be taken then.
                found.append(Way(way.kind, way.text, way.seed, way.x, moved, way.places))
            start += lane.every * rng.uniform(0.5, 1.5) if not lane.halt else lane.every
    for number, stands in enumerate(recipe.parked):
        rng = np.random.default_rng([recipe.seed, 1000 + number])
        seed = int(rng.integers(1 << 31))
        forever = (0.0, recipe.seconds)
        found.append(Way(stands.kind, _text(rng, stands.kind), seed, stands.x, forever,
                         (stands.z, stands.z)))  # fmt: skip
    return _apart(found)


def _apart(found: list[Way]) -> list[Way]:
    """Without those that would drive through another."""
    kept: list[Way] = []
    for way in sorted(found, key=lambda way: way.times[0]):
        near = [other for other in kept if abs(other.x - way.x) < 0.9]
        if not any(_touch(way, other) for other in near):
            kept.append(way)
    return kept


def _touch(way: Way, other: Way) -> bool:
    times = np.arange(max(way.times[0], other.times[0]), min(way.times[-1], other.times[-1]), 0.2)
    gap = np.interp(times, way.times, way.places) - np.interp(times, other.times, other.places)
    return bool(len(times)) and float(np.abs(gap).min()) < 4.5


def _pass(rng: np.random.Generator, lane: Lane, start: float) -> Way:
    kind = lane.kinds[int(rng.integers(len(lane.kinds)))]
    x = lane.x + rng.normal(0, 0.12)
    speed = lane.speed * rng.uniform(0.97, 1.03)
    places = [lane.far, lane.near]
    if lane.halt:
        places[1:1] = [lane.halt_at, lane.halt_at]
    if lane.direction == "away":
        places.reverse()
    times = [start]
    for before, after in pairwise(places):
        stay = lane.halt * rng.uniform(0.7, 1.3) if before == after else abs(after - before) / speed
        times.append(times[-1] + stay)
    return Way(kind, _text(rng, kind), int(rng.integers(1 << 31)), x, tuple(times), tuple(places))


def _text(rng: np.random.Generator, kind: str) -> str | None:
    """Cars bear Taiwan's commonest plate or another one; others what fits their kind."""
    if kind != "car":
        return None
    return (
        random_text(rng, random_pattern(rng))
        if rng.random() < 0.3
        else random_text(rng, "AAA-9999")
    )


def stance(recipe: FilmRecipe, kind: str, tall: float, x: float, z: float) -> Float32:
    """Corners in the picture (``4 x 2``) of a vehicle at ``(x, z)`` that is ``tall`` times as high
    as wide, seen by a camera that does not turn."""
    camera = recipe.camera
    focal = camera.focal * recipe.width
    middle = recipe.width / 2 + focal * x / z
    ground = recipe.height * camera.horizon + focal * camera.height / z
    wide = focal * WIDTHS[kind] / z
    high = wide * tall
    # Seen from the side, a vehicle's nearer edge is higher, and the whole a little narrower.
    turn = float(np.clip(0.25 * x / z, -0.15, 0.15))
    half = wide / 2 * (1 - turn * turn)
    left, right = high * (1 + turn / 2), high * (1 - turn / 2)
    slope = turn * wide * 0.1
    return np.array(
        [
            [middle - half, ground - left + slope],
            [middle + half, ground - right - slope],
            [middle + half, ground - slope],
            [middle - half, ground + slope],
        ],
        np.float32,
    )


def film_recipe(name: str, changes: Sequence[str] = ()) -> FilmRecipe:
    return build(FilmRecipe, read(name, changes), name)
