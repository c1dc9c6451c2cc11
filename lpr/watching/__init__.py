"""Cameras watched: frames in, sightings out."""

from lpr.watching.engine import Engine
from lpr.watching.events import Event, Failed, Ignored, Seen
from lpr.watching.roi import RegionOfInterest
from lpr.watching.settings import SourceSettings, WatchSettings
from lpr.watching.stats import WatchStats
from lpr.watching.watcher import Watcher

__all__ = [
    "Engine",
    "Event",
    "Failed",
    "Ignored",
    "RegionOfInterest",
    "Seen",
    "SourceSettings",
    "WatchSettings",
    "WatchStats",
    "Watcher",
]
