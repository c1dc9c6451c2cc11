"""What a watch tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lpr.errors import LprError
from lpr.sightings import Gap, Sighting, TrackOverlay
from lpr.types import Frame


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame of a camera that is done with, and the sightings that it brought. ``shown`` is empty
    unless the engine was asked to ``show``."""

    camera: str
    frame: Frame | None
    looked: bool
    shown: tuple[TrackOverlay, ...]
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that ended with an error; what it had given until then has been reported."""

    camera: str
    source: str
    error: LprError


Event: TypeAlias = Seen | Gap | Failed
