"""Detection workers: a pool of readers that detects the plates in the frames of all cameras."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from lpr.detection.threshold_sweep import Sweep
from lpr.reader import Reader
from lpr.types import Detection, Frame
from lpr.utils.bounded import stopped_by
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
    reader: Reader, frame: Frame, settings: WatchSettings = DEFAULTS
) -> list[Detection]:
    """The plates centred in the region of interest, down to the score that continues a track.

    The detector sees only the bounding rectangle of the region. Boxes are in pixels of the frame.
    """
    roi = WHOLE_FRAME if settings.detect_outside_roi else settings.roi
    width, height = frame.width, frame.height
    x0, y0, x1, y1 = roi.window(width, height)
    detections = reader.find(frame.image[y0:y1, x0:x1], track_threshold(reader) * LOW_SCORE_RATIO)
    in_frame = (detection.moved(x0, y0) for detection in detections)
    return [d for d in in_frame if roi.holds(d.box, width, height)]


class DetectionPool(Closeable):
    """One thread per reader; each frame is detected by whichever reader is idle."""

    def __init__(
        self, readers: Sequence[Reader], settings: WatchSettings, stats: WatchStats
    ) -> None:
        self._settings = settings
        self._stats = stats
        self._idle: queue.SimpleQueue[Reader] = queue.SimpleQueue()
        for reader in readers:
            self._idle.put(reader)
        self._stopped = threading.Event()
        self._threads = ThreadPoolExecutor(len(readers), "detector")

    def submit(self, frame: Frame) -> Future[list[Detection]]:
        """Queue a frame; the result is that of :func:`detect_in_roi`."""
        return self._threads.submit(self._detect, frame)

    def _detect(self, frame: Frame) -> list[Detection]:
        reader = self._idle.get()
        try:
            with measuring() as clock, stopped_by(self._stopped):
                detections = detect_in_roi(reader, frame, self._settings)
        finally:
            self._idle.put(reader)
        self._stats.count(detected=1)
        self._stats.add_timing(clock.timing())
        return detections

    def stop(self) -> None:
        """Give up frames whose detection hangs, after ``CLOSE_TIMEOUT``. A signal handler may call
        this."""
        self._stopped.set()

    def close(self) -> None:
        """Drop the frames still queued and end the threads. The readers stay open."""
        self.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
