"""Data association: which detection belongs to which track."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from lpr import kernels
from lpr.sightings import FrameTime
from lpr.tracking.track import Track
from lpr.types import Detection

# Fractions of their size by which boxes are enlarged on every side, first little, then much.
_NEAR_BUFFER, _FAR_BUFFER = 0.4, 1.5
_FAR_MAX_GAP = 0.4  # Seconds since a track's last detection for which the far buffer is used
_MIN_IOU = 0.1  # Least IoU of the enlarged boxes of a track and its detection


class Tracker:
    """Follows plates from frame to frame by their position.

    Boxes are predicted with a constant-velocity model and enlarged before they are compared
    (C-BIoU: Yang et al., 2023). Detections below ``threshold`` (0..1) continue tracks but start
    none (ByteTrack: Zhang et al., 2022). Tracks end ``max_age`` seconds after their last detection.
    """

    def __init__(self, threshold: float, max_age: float = 2.0) -> None:
        self.threshold = threshold
        self.max_age = max_age
        self.tracks: list[Track] = []
        self._numbers = itertools.count()

    def update(self, moment: FrameTime, detections: Sequence[Detection]) -> list[Track]:
        """Add a frame's detections; returns the tracks detected in it, including new ones."""
        unmatched = [track for track in self.tracks if not track.detached]
        strong = [d for d in detections if d.confidence >= self.threshold]
        weak = [d for d in detections if d.confidence < self.threshold]
        updated: list[Track] = []
        for candidates, buffer, max_gap in (
            (strong, _NEAR_BUFFER, math.inf),
            (strong, _FAR_BUFFER, _FAR_MAX_GAP),
            (weak, _NEAR_BUFFER, math.inf),
        ):
            tracks = [t for t in unmatched if moment.time - t.last.time <= max_gap]
            for track, detection in _match(tracks, candidates, moment.time, buffer):
                track.update(moment, detection)
                if buffer == _FAR_BUFFER:
                    track.reread.reset()
                unmatched.remove(track)
                candidates.remove(detection)
                updated.append(track)
        updated += [self._start(moment, detection) for detection in strong]
        return sorted(updated, key=lambda track: track.number)

    def _start(self, moment: FrameTime, detection: Detection) -> Track:
        track = Track.start(next(self._numbers), moment, detection)
        self.tracks.append(track)
        return track

    def lost(self, moment: FrameTime) -> list[Track]:
        """The tracks that were not detected in this frame but have not ended."""
        return [track for track in self.tracks if track.last.frame < moment.frame]

    def take_ended(self, time: float) -> list[Track]:
        """Remove and return the tracks that have ended by ``time`` (seconds)."""
        ended = [t for t in self.tracks if time - t.last.time > self.max_age]
        self.tracks = [t for t in self.tracks if t not in ended]
        return ended

    def split(self, track: Track, moment: FrameTime) -> Track:
        """Start a track for another vehicle that has taken the place of ``track``."""
        track.detached = True
        return self._start(moment, track.detection)

    def merge(self, earlier: Track, later: Track) -> None:
        """Continue ``earlier`` with ``later``, which is the same vehicle."""
        earlier.merge(later)
        self.tracks.remove(later)


def _match(
    tracks: Sequence[Track], detections: Sequence[Detection], time: float, buffer: float
) -> list[tuple[Track, Detection]]:
    if not tracks or not detections:
        return []
    predicted = [track.predicted(time) for track in tracks]
    iou = kernels.buffered_iou(predicted, [d.box for d in detections], buffer)
    pairs = kernels.assign(1 - iou, 1 - _MIN_IOU)
    return [(tracks[row], detections[column]) for row, column in pairs]
