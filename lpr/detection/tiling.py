"""Small plates in large pictures: the detector looks at the whole, and at overlapping tiles.

As in SAHI (Akyon et al. 2022, Slicing Aided Hyper Inference and Fine-tuning for Small Object
Detection): what is too small in the whole picture is seen larger in a tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lpr import kernels
from lpr.detection.detector import Detector
from lpr.types import Box, Detection, Image
from lpr.utils.geometry import cut_out

SMALLEST = 1 / 64, 20.0
"""The narrowest plate that ``auto`` is to find: this part of the picture's width (60 pixels of
3840), and no fewer pixels than these."""

SEEN = 24.0
"""Input pixels that a plate must be wide to be found well."""

MOST = 64
"""Tiles of one picture."""

_EDGE = 2.0
_INSIDE = 0.7


@dataclass(frozen=True, slots=True)
class Tiles:
    """``columns`` x ``rows`` of tiles; 0 x 0 for as many as each picture needs."""

    columns: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 0 or (self.columns == 0) != (self.rows == 0):
            raise ValueError(f"tiles are columns x rows, not {self.columns} x {self.rows}")
        if self.columns * self.rows > MOST:
            raise ValueError(f"{self.columns} x {self.rows} tiles are more than {MOST}")

    @classmethod
    def of(cls, text: str) -> Tiles | None:
        """``auto``, ``off`` (None) or ``3x2``; raises ``ValueError`` for anything else."""
        if text in ("auto", "off"):
            return cls() if text == "auto" else None
        columns, _, rows = text.partition("x")
        if not (columns.isdecimal() and rows.isdecimal() and int(columns) and int(rows)):
            raise ValueError(f"tiles are auto, off or columns x rows such as 3x2, not {text!r}")
        return cls(int(columns), int(rows))


class TiledDetector(Detector):
    """A :class:`lpr.detection.detector.Detector` that looks at tiles too, where a picture is large
    enough for ``tiles`` to show more than the whole does."""

    tiles: Tiles = Tiles()

    def find(self, images: Sequence[Image]) -> list[list[Detection]]:
        """As :meth:`lpr.detection.detector.Detector.find`; a plate that several tiles show is there
        once."""
        found = super().find(images)
        for index, image in enumerate(images):
            frames = self.frames(image.shape[1], image.shape[0])
            if len(frames) > 1:
                found[index] = self._merged(image, frames, found[index])
        return found

    def frames(self, width: int, height: int) -> list[Box]:
        """The tiles of a picture of ``width x height``, in its pixels; one where there are none.

        Neighbours share as much as the widest plate that is too small in the whole picture, so
        that each such plate lies whole in one of them.
        """
        scale = self.input_scale(width, height)[0]
        overlap = 1.2 * SEEN / scale
        columns, rows = self.tiles.columns, self.tiles.rows
        if not columns:
            needed = min(SEEN / max(width * SMALLEST[0], SMALLEST[1]), 1.0)
            # No more than half a tile, however coarse the whole is seen.
            overlap = min(overlap, width * scale / needed / 2)
            columns, rows = self._enough(width, height, overlap, needed)
        across = list(_pieces(width, columns, overlap))
        down = list(_pieces(height, rows, overlap))
        return [Box(x0, y0, x1, y1) for y0, y1 in down for x0, x1 in across]

    def _enough(self, width: int, height: int, overlap: float, needed: float) -> tuple[int, int]:
        """The fewest columns and rows whose tiles are seen at a scale of ``needed``; as many as may
        be where that is not reached."""
        columns = rows = 1
        while True:
            size = _length(width, columns, overlap), _length(height, rows, overlap)
            if self.input_scale(*map(math.ceil, size))[0] >= needed:
                return columns, rows
            # The side that is seen in longer pieces is cut further.
            more = (columns + 1, rows) if size[0] >= size[1] else (columns, rows + 1)
            if more[0] * more[1] > MOST:
                return columns, rows
            columns, rows = more

    def _merged(
        self, image: Image, frames: Sequence[Box], whole: Sequence[Detection]
    ) -> list[Detection]:
        tiles = [cut_out(image, frame) for frame in frames]
        height, width = image.shape[:2]
        found = list(whole)
        for frame, detections in zip(frames, super().find(tiles), strict=True):
            for detection in detections:
                moved = detection.moved(frame.x0, frame.y0)
                if not _is_cut(moved.box, frame, width, height):
                    found.append(moved)
        return merged(found, self.spec.nms)


def merged(found: Sequence[Detection], nms: float) -> list[Detection]:
    """Detections of several looks at one picture, each plate once, the most certain first.

    Non-maximum suppression at an IoU of ``nms``; then a box that lies inside a larger one for the
    most part (intersection over the smaller area, SAHI's metric for parts of an object) is a part
    of that plate, unless it is more than twice as certain.
    """
    if not found:
        return []
    boxes = np.array([d.box for d in found], np.float32)
    scores = np.array([d.confidence for d in found], np.float32)
    kept = [found[index] for index in kernels.nms(boxes, scores, nms)]
    return [d for d in kept if not any(_is_part(d, other) for other in kept)]


def _is_part(detection: Detection, other: Detection) -> bool:
    a, b = detection.box, other.box
    if a.area >= b.area or detection.confidence > 2 * other.confidence:
        return False
    return a.intersection(b).area > _INSIDE * a.area


def _is_cut(box: Box, frame: Box, width: int, height: int) -> bool:
    """Whether a box ends where its tile does, and the picture goes on there."""
    return (
        (frame.x0 > 0 and box.x0 <= frame.x0 + _EDGE)
        or (frame.y0 > 0 and box.y0 <= frame.y0 + _EDGE)
        or (frame.x1 < width and box.x1 >= frame.x1 - _EDGE)
        or (frame.y1 < height and box.y1 >= frame.y1 - _EDGE)
    )


def _length(whole: int, count: int, overlap: float) -> float:
    """How long ``count`` pieces are that cover ``whole``, each sharing ``overlap`` with the
    next."""
    return min((whole + (count - 1) * overlap) / count, whole)


def _pieces(whole: int, count: int, overlap: float) -> Iterator[tuple[float, float]]:
    length = math.ceil(_length(whole, count, overlap))
    for number in range(count):
        start = round(number * (whole - length) / max(count - 1, 1))
        yield float(start), float(start + length)
