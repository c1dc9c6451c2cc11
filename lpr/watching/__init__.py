"""Cameras watched: frames in, sightings out."""

from lpr.watching.engine import Engine
from lpr.watching.events import Event, Failed, Seen
from lpr.watching.roi import Zone
from lpr.watching.settings import Rules
from lpr.watching.stats import Meter
from lpr.watching.watcher import Watcher

__all__ = ["Engine", "Event", "Failed", "Meter", "Rules", "Seen", "Watcher", "Zone"]
