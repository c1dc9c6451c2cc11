"""Selects the frames that go through the detector: those that may show something new."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from lpr.types import Frame, Image
from lpr.watching.settings import WatchSettings

_SAMPLE_STEP = 8  # Pixels between compared ones, across and down; a plate covers several
_MIN_CHANGE = 8.0  # Least change of a sample that counts as motion, in grey levels (0..255)
# The limit in medians of the absolute change; 6 are about 4 standard deviations of the noise.
_NOISE_FACTOR = 6.0
_MIN_CHANGED = 3  # Changed samples that make up motion; one or two may be noise
_MAX_STILL = 1.0  # Seconds after which a frame counts as changed in any case
_IDLE_INTERVAL = 0.1  # Seconds between detections while idle; a vehicle is visible for longer


class MotionGate:
    """Whether anything has moved since the last frame with motion; one a second always counts.

    The green channel is sampled, smoothed and compared. The limit rises with the picture's noise.
    """

    def __init__(self) -> None:
        self._sample: Image | None = None
        self._time = 0.0

    def is_still(self, image: Image, time: float) -> bool:
        """Whether nothing moved by ``time`` (seconds); if not, ``image`` is the new reference."""
        sample = cv2.blur(np.ascontiguousarray(image[::_SAMPLE_STEP, ::_SAMPLE_STEP, 1]), (3, 3))
        before = self._sample
        if before is not None and before.shape == sample.shape:
            change = cv2.absdiff(sample, before)
            limit = max(_MIN_CHANGE, _NOISE_FACTOR * float(np.median(change)))
            changed = int(np.count_nonzero(change > limit))
            if changed < _MIN_CHANGED and time - self._time < _MAX_STILL:
                return True
        self._sample, self._time = np.asarray(sample, np.uint8), time
        return False


class FrameSampler:
    """Selects every ``every``-th frame or, with ``auto``, as many as are needed: each frame while a
    plate is still to be read, else ten a second, so that the next vehicle is noticed."""

    def __init__(self, every: int | Literal["auto"]) -> None:
        self._every = every
        self._last = float("-inf")

    def selects(self, index: int, time: float, busy: bool) -> bool:
        """Whether to detect plates in a frame; ``busy``: a plate is still to be read."""
        if self._every != "auto":
            return index % self._every == 0
        if not busy and time - self._last < _IDLE_INTERVAL - 1e-6:  # times may be rounded
            return False
        self._last = time
        return True


class FrameChooser:
    """What to do with each frame of a camera, in order: ``detect``, or skip it, because it was not
    selected (``skip``) or nothing has moved in it (``still``)."""

    def __init__(self, settings: WatchSettings) -> None:
        self._sampler = FrameSampler(settings.every)
        self._motion = MotionGate() if settings.skip_still else None

    def choose(self, frame: Frame, busy: bool) -> Literal["detect", "skip", "still"]:
        """For the next frame; ``busy``: a plate is still to be read."""
        time = frame.time or 0.0
        if not self._sampler.selects(frame.index, time, busy):
            return "skip"
        if self._motion is not None and self._motion.is_still(frame.image, time):
            return "still"
        return "detect"
