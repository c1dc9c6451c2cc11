"""A detector with a network of its own in the place of a Darknet one: a plugin's, or an object
that a program gives to :func:`lpr.load`.

It finds plates by :class:`lpr.protocols.PlateDetector`. What lpr needs to know beyond that are
attributes of the detector, each of which may be missing:

- ``threshold``: the least confidence of a detection, 0..1; by default :data:`THRESHOLD`.
- ``accept_threshold``: a detection of at least this confidence counts as a plate, however uncertain
  its reading is; by default none does.
- ``nms``: the IoU above which two boxes from overlapping tiles show the same plate; by default
  :data:`NMS`.
- ``input_size``: (width, height) of the network's input in pixels, which keeps the proportions of
  pictures. Without it tiles are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from lpr.detection.detector import MAX_BATCH
from lpr.detection.threshold_sweep import Sweep, above
from lpr.detection.validation import checked
from lpr.errors import PluginError, wrap_plugin_errors
from lpr.protocols import PlateDetector
from lpr.types import Detection, Image
from lpr.utils.bounded import batch_timeout, call_bounded, is_stuck
from lpr.utils.closing import Closeable
from lpr.utils.timing import stage

THRESHOLD = 0.25
"""The threshold of detectors that state none; Ultralytics' default as well."""

NMS = 0.45
"""As in Darknet. Plates do not overlap, so any value around it will do."""


class PluggedDetector(Closeable):
    """Runs ``detector``, checks what it returns and applies the threshold.

    ``name`` is for messages. Closing it closes ``detector`` unless that is ``borrowed``. Raises
    :class:`PluginError` for attributes out of range.
    """

    def __init__(
        self,
        detector: PlateDetector,
        name: str,
        threshold: float | Sweep | None = None,
        borrowed: bool = False,
    ) -> None:
        self.detector = detector
        self.name = name
        self.borrowed = borrowed
        own = self._share("threshold", THRESHOLD)
        self.threshold: float | Sweep = own if threshold is None else threshold
        self.accept_threshold = self._share("accept_threshold", math.inf)
        self.nms = self._share("nms", NMS)
        self.input_size = self._input_size()

    def find(
        self, images: Sequence[Image], threshold: float | Sweep | None = None
    ) -> list[list[Detection]]:
        """The plates of each picture, the most confident first; boxes are clipped to the picture.

        ``threshold`` (0..1) overrides the detector's own for this call. Raises
        :class:`PluginError` if the detector fails or returns something else
        (:mod:`lpr.detection.validation`), and :class:`lpr.errors.StuckError` if it hangs.
        """
        threshold = self.threshold if threshold is None else threshold
        found: list[list[Detection]] = []
        with stage("detector"):
            for start in range(0, len(images), MAX_BATCH):
                # Windows of pictures have gaps between their rows, which plugins need not expect.
                part = [np.ascontiguousarray(i) for i in images[start : start + MAX_BATCH]]
                found += self._find(part)
        if isinstance(threshold, Sweep):
            return [threshold.keep(each) for each in found]
        return [above(each, threshold) for each in found]

    def _find(self, images: Sequence[Image]) -> list[list[Detection]]:
        name = f"detector {self.name}"
        with wrap_plugin_errors(name):
            seconds = batch_timeout(len(images))
            found = call_bounded(name, seconds, partial(self.detector.find, images), self.detector)
        try:
            return checked(found, images)
        except PluginError as error:
            raise PluginError(f"{name} {error}") from None

    def input_scale(self, width: int, height: int) -> tuple[float, float] | None:
        """Input pixels for each pixel of a picture of ``width x height``, across and down; None if
        the detector does not state its ``input_size``."""
        if self.input_size is None:
            return None
        scale = min(self.input_size[0] / width, self.input_size[1] / height)
        return scale, scale

    def close(self) -> None:
        """Close the detector, unless it is borrowed or hangs."""
        if not self.borrowed and not is_stuck(self.detector):
            self.detector.close()

    def _share(self, attribute: str, default: float) -> float:
        value = getattr(self.detector, attribute, None)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise PluginError(
                f"detector {self.name} has {attribute} = {value!r}; it has to be a number in 0..1"
            )
        return float(value)

    def _input_size(self) -> tuple[int, int] | None:
        size = getattr(self.detector, "input_size", None)
        if size is None:
            return None
        sides = tuple(size) if isinstance(size, (tuple, list)) else ()
        if len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
            raise PluginError(
                f"detector {self.name} has input_size = {size!r}; it has to be (width, height) in "
                "pixels"
            )
        return sides
