"""Which detection belongs to which track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lpr import kernels
from lpr.sightings import FrameTime
from lpr.tracking.track import Track
from lpr.types import Detection

_NEAR, _FAR, _FAINT = 0.4, 1.5, 0.4
"""By how much of its own size a box is made larger on every side before it is matched."""
_LEAST = 0.1
_JUST_NOW = 0.4


class Tracker:
    """Follows plates from frame to frame by where they are.

    Places are foretold by steady motion, boxes are made larger before they are compared, first a
    little, then much (C-BIoU: Yang et al., 2023), and detections below ``sure`` continue tracks but
    begin none (ByteTrack: Zhang et al., 2022). A track that was not found for ``patience`` seconds
    of the stream has ended.
    """

    def __init__(self, sure: float, patience: float = 2.0) -> None:
        self.sure = sure
        self.patience = patience
        self.tracks: list[Track] = []
        self._numbers: Iterator[int] = iter(range(1 << 62))

    def update(self, moment: FrameTime, detections: Sequence[Detection]) -> list[Track]:
        """Take in a frame's detections: the tracks that were found in it, new ones included."""
        waiting = [track for track in self.tracks if not track.adrift]
        clear = [d for d in detections if d.confidence >= self.sure]
        faint = [d for d in detections if d.confidence < self.sure]
        found: list[Track] = []
        for rivals, buffer in ((clear, _NEAR), (clear, _FAR), (faint, _FAINT)):
            if buffer == _FAR:
                pool = [t for t in waiting if moment.time - t.last.time <= _JUST_NOW]
            else:
                pool = waiting
            for track, detection in _matched(pool, rivals, moment.time, buffer):
                track.found(moment, detection)
                if buffer == _FAR:
                    track.looks.recheck()
                waiting.remove(track)
                rivals.remove(detection)
                found.append(track)
        for detection in clear:
            track = Track.begin(next(self._numbers), moment, detection)
            self.tracks.append(track)
            found.append(track)
        return sorted(found, key=lambda track: track.number)

    def lost(self, moment: FrameTime) -> list[Track]:
        """The tracks that were not found in this frame but have not ended."""
        return [track for track in self.tracks if track.last.frame < moment.frame]

    def take_ended(self, time: float) -> list[Track]:
        """Remove and return the tracks that have ended by then."""
        ended = [t for t in self.tracks if time - t.last.time > self.patience]
        self.tracks = [t for t in self.tracks if t not in ended]
        return ended

    def split(self, track: Track, moment: FrameTime) -> Track:
        """Another vehicle has taken the place of ``track``: begin a track for it."""
        track.adrift = True
        other = Track.begin(next(self._numbers), moment, track.detection)
        self.tracks.append(other)
        return other

    def merge(self, earlier: Track, later: Track) -> None:
        """Both are one vehicle: ``earlier`` goes on where ``later`` is."""
        earlier.absorb(later)
        self.tracks.remove(later)


def _matched(
    tracks: Sequence[Track], detections: Sequence[Detection], time: float, buffer: float
) -> list[tuple[Track, Detection]]:
    if not tracks or not detections:
        return []
    foretold = [track.predicted(time) for track in tracks]
    alike = kernels.buffered_iou(foretold, [d.box for d in detections], buffer)
    pairs = kernels.assign(1 - alike, 1 - _LEAST)
    return [(tracks[row], detections[column]) for row, column in pairs]
