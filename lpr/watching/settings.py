"""What counts as a sighting, and how closely to look."""

from __future__ import annotations

from dataclasses import dataclass

from lpr.watching.roi import WHOLE, RegionOfInterest


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a camera is watched.

    ``min_reads`` readings have to agree on a sighting's text. A vehicle that was last seen less
    than ``return_after`` seconds ago is not reported again, and one that was not found for
    ``patience`` seconds has gone. ``early`` reports a vehicle as soon as its text is certain.
    ``every`` is 1 to look at each frame, N for each Nth, 0 to look more rarely where nothing can be
    missed; ``skip_still`` passes over frames in which nothing moves. Plates outside of the ``zone``
    do not count; with ``everywhere`` they are found all the same (not to be shown, say).
    ``keep_frames`` keeps the whole frame of each best look.
    """

    min_reads: int = 2
    return_after: float = 60.0
    patience: float = 2.0
    early: bool = False
    every: int = 1
    skip_still: bool = False
    zone: RegionOfInterest = WHOLE
    everywhere: bool = False
    keep_frames: bool = False


DEFAULTS = WatchSettings()
