"""Cameras watched: frames in, sightings out."""

from lpr.watching.engine import Engine
from lpr.watching.events import Event, Failed, Seen
from lpr.watching.meter import Meter
from lpr.watching.rules import Rules
from lpr.watching.watcher import Watcher
from lpr.watching.zone import Zone

__all__ = ["Engine", "Event", "Failed", "Meter", "Rules", "Seen", "Watcher", "Zone"]
