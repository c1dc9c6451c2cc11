"""Detection workers: a pool of readers that detects the plates in the frames of all cameras."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from lpr.detection.threshold_sweep import Sweep
from lpr.reader import Reader
from lpr.reader_pool import ReaderPool
from lpr.types import Detection, Frame
from lpr.utils.arguments import as_picture
from lpr.utils.closing import Closeable
from lpr.utils.timing import measuring
from lpr.watching.roi import WHOLE_FRAME
from lpr.watching.settings import DEFAULTS, WatchSettings
from lpr.watching.stats import WatchStats

LOW_SCORE_RATIO = 0.5
"""Detections down to this fraction of the detector's threshold continue a track, but start none:
the second association of ByteTrack (Zhang et al., 2022)."""


def track_threshold(reader: Reader) -> float:
    """The detector's threshold, 0..1: the least score that starts a track.

    Raises ``ValueError`` for a sweep of thresholds.
    """
    threshold = reader.detector.threshold
    if isinstance(threshold, Sweep):
        raise ValueError("a watch needs a single threshold, not a sweep")
    return float(threshold)


def detect_in_roi(
    reader: Reader, frames: Sequence[Frame], settings: WatchSettings = DEFAULTS
) -> list[list[Detection]]:
    """The plates of each frame that are centred in the region of interest, down to the score that
    continues a track.

    The detector sees only the bounding rectangle of the region. Boxes are in pixels of the frame.
    """
    roi = WHOLE_FRAME if settings.detect_outside_roi else settings.roi
    windows = [roi.window(frame.width, frame.height) for frame in frames]
    parts = [f.image[y0:y1, x0:x1] for f, (x0, y0, x1, y1) in zip(frames, windows, strict=True)]
    found = reader.detector.find(
        [as_picture(part) for part in parts], track_threshold(reader) * LOW_SCORE_RATIO
    )
    return [
        [
            moved
            for detection in detections
            if roi.holds((moved := detection.moved(x0, y0)).box, frame.width, frame.height)
        ]
        for frame, (x0, y0, _, _), detections in zip(frames, windows, found, strict=True)
    ]


class DetectionPool(Closeable):
    """Detects the plates in the frames of all cameras with whichever reader is idle."""

    def __init__(
        self, readers: Sequence[Reader], settings: WatchSettings, stats: WatchStats
    ) -> None:
        self._settings = settings
        self._stats = stats
        self._pool: ReaderPool[list[Detection]] = ReaderPool(readers, self._detect)

    def submit(self, frame: Frame) -> Future[list[Detection]]:
        """Queue a frame; the result is that of :func:`detect_in_roi`."""
        return self._pool.submit(frame)

    def _detect(self, reader: Reader, frames: Sequence[Frame]) -> list[list[Detection]]:
        with measuring() as clock:
            detections = detect_in_roi(reader, frames, self._settings)
        self._stats.count(detected=len(frames))
        timing = clock.timing().shared(len(frames))
        for _ in frames:
            self._stats.add_timing(timing)
        return detections

    def stop(self) -> None:
        """Give up frames whose detection hangs, after ``CLOSE_TIMEOUT``. A signal handler may call
        this."""
        self._pool.stop()

    def close(self) -> None:
        """Drop the frames still queued and end the threads. The readers stay open."""
        self._pool.close()
