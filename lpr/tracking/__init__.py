"""Detections over time -> one track per vehicle, and the consensus of its readings."""

from lpr.tracking.fusion import Consensus, Fuse, Fusion
from lpr.tracking.reread_policy import RereadPolicy
from lpr.tracking.track import Track
from lpr.tracking.tracker import Tracker

__all__ = ["Consensus", "Fuse", "Fusion", "RereadPolicy", "Track", "Tracker"]
