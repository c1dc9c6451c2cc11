"""A video's recipe: the road, its traffic, the camera and the light.

The world is a flat road. ``x`` points to the right and ``z`` away from the camera, both in metres
from the point below it. A pinhole camera looks along ``z``, ``height`` metres above the road.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from lpr.utils.toml import build
from lpr_training.recipes import read
from lpr_training.synth.scenes.vehicles import KINDS

Direction = Literal["towards", "away"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane on which one vehicle after the other drives between ``far`` and ``near``."""

    x: float  # Distance to the right of the camera, in metres
    direction: Direction
    speed: float  # Metres per second
    every: float  # Mean interval of vehicles, in seconds, varied by a half; covers ``halt``
    kinds: tuple[str, ...] = ("car", "car", "van")  # Kinds of vehicles, chosen uniformly
    near: float = 3.5  # Least distance from the camera, in metres
    far: float = 28.0  # Greatest distance from the camera, in metres
    halt: float = 0.0  # How long each vehicle stops, as at a gate, in seconds
    halt_at: float = 7.0  # Where it stops: the distance from the camera, in metres

    def __post_init__(self) -> None:
        if self.direction not in ("towards", "away"):
            raise ValueError(f"direction has to be towards or away, not {self.direction!r}")
        if unknown := set(self.kinds) - set(KINDS) or (set() if self.kinds else {"nothing"}):
            raise ValueError(
                f"kinds have to be of {', '.join(KINDS)}, not {', '.join(sorted(unknown))}"
            )
        if not (0 < self.near < self.far and self.speed > 0 and self.every > 0):
            raise ValueError("speed and every have to be above 0, and near between 0 and far")
        if self.halt and not self.near < self.halt_at < self.far:
            raise ValueError("halt_at has to lie between near and far")


@dataclass(frozen=True, slots=True)
class Parked:
    """A vehicle that is parked at ``(x, z)``, in metres, throughout."""

    x: float
    z: float
    kind: str = "car"


@dataclass(frozen=True, slots=True)
class Post:
    """An obstacle between the camera and the road."""

    x: float  # Left edge, in widths of the picture
    width: float  # In widths of the picture
    z: float = 3.0  # Distance from the camera, in metres


@dataclass(frozen=True, slots=True)
class CameraRecipe:
    """The camera and the video encoder."""

    height: float = 2.2  # Height above the road, in metres
    focal: float = 0.85  # Focal length, in widths of the picture
    horizon: float = 0.3  # Distance of the horizon from the upper edge, in heights of the picture
    pan: float = 0.0  # Amplitude of the slow pan, in widths of the picture
    pan_seconds: float = 20.0  # Period of the pan, in seconds
    sway: float = 0.0  # Amplitude of the swaying in the wind, in widths of the picture
    blur: float = 0.6  # Standard deviation of the lens blur, in pixels
    noise: float = 2.0  # Standard deviation of the sensor noise, in grey levels
    shutter: float = 0.002  # Exposure time, in seconds
    crf: int = 23  # Constant rate factor of x264; lower is better


@dataclass(frozen=True, slots=True)
class Light:
    """Light and weather."""

    street: float = 1.0  # Brightness of the street, 1 by day
    plates: float = 1.0  # Brightness of vehicles and plates, 1 by day
    lamps: float = 0.0  # Brightness of headlamps, 0..1
    drift: float = 0.0  # Amplitude of the brightness within a period of 30 seconds, 0..1
    rain: int = 0  # Streaks of rain in a picture


@dataclass(frozen=True, slots=True)
class VideoRecipe:
    """A video: its size, its traffic, and how the camera sees it."""

    seed: int
    lanes: tuple[Lane, ...] = ()
    parked: tuple[Parked, ...] = ()
    posts: tuple[Post, ...] = ()
    seconds: float = 60.0
    fps: int = 30
    width: int = 1920  # Pixels, even
    height: int = 1080  # Pixels, even
    worn: float = 0.0  # Share of plates with stickers and worn paint, some of them illegible
    returns: float = 0.0  # Share of vehicles that pass a second time, on the same lane
    return_after: float = 40.0  # Seconds between leaving the picture and returning
    camera: CameraRecipe = field(default_factory=CameraRecipe)
    light: Light = field(default_factory=Light)

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.fps > 0 and self.width >= 64 and self.height >= 64):
            raise ValueError("seconds and fps have to be above 0, width and height at least 64")
        if self.width % 2 or self.height % 2:
            raise ValueError("width and height have to be even for H.264")

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)


def video_recipe(name: str, changes: Sequence[str] = ()) -> VideoRecipe:
    return build(VideoRecipe, read(name, changes), name)
