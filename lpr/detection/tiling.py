"""Small plates in large pictures: the detector runs on the whole picture and on overlapping tiles.

After SAHI (Akyon et al. 2022, Slicing Aided Hyper Inference and Fine-tuning for Small Object
Detection): a plate that is too small in the whole picture appears larger in a tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lpr import kernels
from lpr.detection.detector import DetectionStage
from lpr.detection.threshold_sweep import Sweep
from lpr.types import Box, Detection, Image
from lpr.utils.closing import Closeable
from lpr.utils.geometry import cut_out, touched_sides

MIN_PLATE_SHARE = 1 / 64
"""Width of the narrowest plate that ``auto`` looks for, as a share of the picture's: 60 pixels of
3840."""

MIN_PLATE_WIDTH = 20.0
"""Pixels of the picture: ``auto`` looks for no narrower plate, since none can be read."""

MIN_INPUT_WIDTH = 24.0
"""Input pixels: the detector finds narrower plates unreliably."""

OVERLAP = 1.2
"""The overlap of neighbouring tiles, in widths of the widest plate that is too small in the whole
picture. Above 1, so that each such plate lies whole in one of them."""

MAX_TILES = 64
"""Tiles of one picture, a bound on the time that it takes."""

# A box with more than this share of its area in a larger one is a part of that plate.
_PART_SHARE = 0.7
# A box this many times as confident as the larger one around it is not a part of it.
_PART_CONFIDENCE = 2.0


@dataclass(frozen=True, slots=True)
class Tiles:
    """``columns`` x ``rows`` of tiles; 0 x 0 for as many as each picture needs.

    Raises ``ValueError`` for negative numbers, a single 0, and more than :data:`MAX_TILES`.
    """

    columns: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 0 or (self.columns == 0) != (self.rows == 0):
            raise ValueError(f"tiles are columns x rows, not {self.columns} x {self.rows}")
        if self.columns * self.rows > MAX_TILES:
            raise ValueError(f"{self.columns} x {self.rows} tiles are more than {MAX_TILES}")

    @classmethod
    def of(cls, text: str) -> Tiles | None:
        """``auto``, ``off`` (None) or ``3x2``; raises ``ValueError`` for anything else."""
        if text in ("auto", "off"):
            return cls() if text == "auto" else None
        columns, _, rows = text.partition("x")
        if not (columns.isdecimal() and rows.isdecimal() and int(columns) and int(rows)):
            raise ValueError(f"tiles are auto, off or columns x rows such as 3x2, not {text!r}")
        return cls(int(columns), int(rows))


class TiledDetector(Closeable):
    """Runs ``detector`` on each picture and on its ``tiles``, if these show more than the whole.

    ``detector`` has to know its ``input_scale``. Detections are merged by :func:`merged` with an
    IoU of ``nms``. Closing it closes ``detector``.
    """

    def __init__(self, detector: DetectionStage, tiles: Tiles, nms: float = 0.45) -> None:
        self.detector = detector
        self.tiles = tiles
        self.nms = nms

    @property
    def name(self) -> str:
        return self.detector.name

    @property
    def threshold(self) -> float | Sweep:
        return self.detector.threshold

    def input_scale(self, width: int, height: int) -> tuple[float, float]:
        """The scale of the whole picture; that of tiles is larger."""
        scale = self.detector.input_scale(width, height)
        if scale is None:
            raise ValueError(f"detector {self.name} does not state its input size: no tiles")
        return scale

    def close(self) -> None:
        self.detector.close()

    def find(
        self, images: Sequence[Image], threshold: float | Sweep | None = None
    ) -> list[list[Detection]]:
        """The plates of each picture, the most confident first, each once."""
        detections = self.detector.find(images, threshold)
        for index, image in enumerate(images):
            frames = self.frames(image.shape[1], image.shape[0])
            if len(frames) > 1:
                in_tiles = self._find_in_tiles(image, frames, threshold)
                detections[index] = merged([*detections[index], *in_tiles], self.nms)
        return detections

    def frames(self, width: int, height: int) -> list[Box]:
        """The tiles of a picture of ``width x height``, in its pixels; a single one if tiles would
        show no more than the whole."""
        scale = self.input_scale(width, height)[0]
        overlap = OVERLAP * MIN_INPUT_WIDTH / scale
        columns, rows = self.tiles.columns, self.tiles.rows
        if not columns:
            narrowest = max(width * MIN_PLATE_SHARE, MIN_PLATE_WIDTH)
            min_scale = min(MIN_INPUT_WIDTH / narrowest, 1.0)
            # At most half a tile, however coarse the whole picture is.
            overlap = min(overlap, width * scale / min_scale / 2)
            columns, rows = self._fewest(width, height, overlap, min_scale)
        across = list(_pieces(width, columns, overlap))
        down = list(_pieces(height, rows, overlap))
        return [Box(x0, y0, x1, y1) for y0, y1 in down for x0, x1 in across]

    def _fewest(self, width: int, height: int, overlap: float, min_scale: float) -> tuple[int, int]:
        """The fewest columns and rows whose tiles have a scale of ``min_scale``; the most allowed
        if none reach it."""
        columns = rows = 1
        while True:
            size = _length(width, columns, overlap), _length(height, rows, overlap)
            if self.input_scale(*map(math.ceil, size))[0] >= min_scale:
                return columns, rows
            # The longer side of a tile is divided further.
            more = (columns + 1, rows) if size[0] >= size[1] else (columns, rows + 1)
            if more[0] * more[1] > MAX_TILES:
                return columns, rows
            columns, rows = more

    def _find_in_tiles(
        self, image: Image, frames: Sequence[Box], threshold: float | Sweep | None
    ) -> Iterator[Detection]:
        height, width = image.shape[:2]
        tiles = [cut_out(image, frame) for frame in frames]
        for frame, found in zip(frames, self.detector.find(tiles, threshold), strict=True):
            for detection in found:
                moved = detection.moved(frame.x0, frame.y0)
                if not _is_cut(moved.box, frame, width, height):
                    yield moved


def merged(detections: Sequence[Detection], nms: float) -> list[Detection]:
    """Detections of several views of one picture, each plate once, the most confident first.

    Non-maximum suppression at an IoU of ``nms`` comes first. Then a box that lies mostly inside a
    larger one is dropped as a part of that plate, unless it is more than twice as confident (the
    metric is the intersection over the smaller area, as in SAHI).
    """
    if not detections:
        return []
    boxes = np.array([d.box for d in detections], np.float32)
    scores = np.array([d.confidence for d in detections], np.float32)
    kept = [detections[index] for index in kernels.nms(boxes, scores, nms)]
    return [d for d in kept if not any(_is_part(d, other) for other in kept)]


def _is_part(detection: Detection, other: Detection) -> bool:
    a, b = detection.box, other.box
    if a.area >= b.area or detection.confidence > _PART_CONFIDENCE * other.confidence:
        return False
    return a.intersection(b).area > _PART_SHARE * a.area


def _is_cut(box: Box, frame: Box, width: int, height: int) -> bool:
    """Whether a box ends at an edge of its tile that is not an edge of the picture."""
    inner = {
        "left": frame.x0 > 0,
        "top": frame.y0 > 0,
        "right": frame.x1 < width,
        "bottom": frame.y1 < height,
    }
    in_tile = box.moved(-frame.x0, -frame.y0)
    return any(inner[side] for side in touched_sides(in_tile, frame.width, frame.height))


def _length(whole: int, count: int, overlap: float) -> float:
    """The length of ``count`` pieces that cover ``whole``, neighbours sharing ``overlap``."""
    return min((whole + (count - 1) * overlap) / count, whole)


def _pieces(whole: int, count: int, overlap: float) -> Iterator[tuple[float, float]]:
    length = math.ceil(_length(whole, count, overlap))
    for number in range(count):
        start = round(number * (whole - length) / max(count - 1, 1))
        yield float(start), float(start + length)
