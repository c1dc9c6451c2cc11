"""Which frames are worth a look: those in which something can have changed."""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Image

_SPARSE = 8
_LEAST_CHANGE = 8.0
_LEAST_PLACES = 3
_LONGEST_REST = 1.0


class MotionGate:
    """Whether anything moved since the last frame that was looked at.

    Pictures are sampled, smoothed and compared; what counts as a change goes by the noise that all
    of the picture has. At least one frame a second is looked at.
    """

    def __init__(self) -> None:
        self._sample: Image | None = None
        self._time = 0.0

    def still(self, image: Image, time: float) -> bool:
        """Whether ``image`` shows nothing new; if it does, later ones are compared with it."""
        sample = cv2.blur(np.ascontiguousarray(image[::_SPARSE, ::_SPARSE, 1]), (3, 3))
        before = self._sample
        if before is not None and before.shape == sample.shape:
            change = cv2.absdiff(sample, before)
            # Six medians of the noise's absolute differences: four of its standard deviations.
            limit = max(_LEAST_CHANGE, 6 * float(np.median(change)))
            places = int(np.count_nonzero(change > limit))
            if places < _LEAST_PLACES and time - self._time < _LONGEST_REST:
                return True
        self._sample, self._time = np.asarray(sample, np.uint8), time
        return False


class FrameSampler:
    """Which frames the detector looks at: each ``every``-th or, with 0, as many as are needed.

    Then each frame counts while there is a plate to be read; where there is none, or all are known,
    one in a tenth of a second is enough to see the next one come.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._last = float("-inf")

    def looks(self, index: int, time: float, busy: bool) -> bool:
        """Whether to look at a frame; ``busy`` says that there is a plate to be read."""
        if self._every:
            return index % self._every == 0
        if not busy and time - self._last < 0.1 - 1e-6:
            return False
        self._last = time
        return True
