"""The events of a watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lpr.errors import LprError
from lpr.sightings import Gap, Sighting, TrackOverlay
from lpr.types import Box, Frame


@dataclass(frozen=True, slots=True)
class Ignored:
    """Text at ``box`` (pixels) that is burnt into a camera's picture, and is no plate."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Seen:
    """A finished frame of a camera, and the sightings that it completed.

    ``looked`` says whether the frame went through the detector. ``frame`` is None and ``shown``
    empty unless the engine was asked to ``show``. ``ignored`` is burnt-in text that is ignored from
    now on.
    """

    camera: str
    frame: Frame | None
    looked: bool
    shown: tuple[TrackOverlay, ...]
    sightings: tuple[Sighting, ...]
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that ended with an error. Its sightings until then were reported before."""

    camera: str
    source: str
    error: LprError


Event: TypeAlias = Seen | Gap | Failed
