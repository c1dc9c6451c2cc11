"""The finders' work: the plates of a frame, as far as they count."""

from __future__ import annotations

from collections.abc import Sequence

from lpr.reader import Reader
from lpr.types import Box, Detection, Frame
from lpr.watching.roi import WHOLE
from lpr.watching.settings import WatchSettings

_FAINT = 0.5


def lowered(readers: Sequence[Reader]) -> float:
    """The readers' threshold, which is then halved."""
    sure = readers[0].detector.threshold
    if not isinstance(sure, float | int):
        raise ValueError("a watch needs a single threshold, not a sweep")
    for reader in readers:
        reader.detector.threshold = sure * _FAINT
    return float(sure)


def found(reader: Reader, frame: Frame, rules: WatchSettings) -> list[Detection]:
    """The plates within the zone; only as much of the frame is looked at as it takes."""
    zone = WHOLE if rules.everywhere else rules.zone
    width, height = frame.width, frame.height
    x, y, x1, y1 = zone.window(width, height)
    whole = (x, y, x1, y1) == (0, 0, width, height)
    plates = reader.find(frame.image if whole else frame.image[y:y1, x:x1])
    moved = plates if whole else [_moved(detection, x, y) for detection in plates]
    return [d for d in moved if zone.holds(d.box, width, height)]


def _moved(detection: Detection, x: int, y: int) -> Detection:
    a, b, c, d = ((px + x, py + y) for px, py in detection.quad)
    box = detection.box
    return Detection(
        Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y), (a, b, c, d), detection.confidence
    )
