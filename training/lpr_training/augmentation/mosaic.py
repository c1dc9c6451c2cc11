"""Changing pictures at random, as cameras, weather and compression do. NumPy and OpenCV only.

Every function takes its random generator, so that a sample depends on its seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpr.types import Image
from lpr_training.augmentation.geometric import Matrix, shift, tilt, transform, zoom
from lpr_training.datasets.pyramid import Pyramid

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures are put on a detector's canvas.

    ``mosaic`` is the share of canvases made of four pictures. ``scales`` bounds a single picture's
    size relative to one that just fits the canvas, ``tiles`` the size of one of four relative to
    one that just fills its part. The plate that a picture is placed by is at most ``largest`` of
    the canvas wide. ``stretch`` is the sigma of its aspect ratio's logarithm. In a share ``cut`` of
    the places where a plate would be cut by the canvas's edge, it is. Plates narrower than
    ``smallest`` pixels, or less than ``visible`` of their area inside, are to be ignored: neither
    positive nor negative.
    """

    mosaic: float = 0.5
    scales: tuple[float, float] = (0.65, 2.0)
    tiles: tuple[float, float] = (0.8, 2.2)
    turn: float = 4.0
    lean: float = 0.04
    mirror: float = 0.05
    stretch: float = 0.15
    cut: float = 0.25
    smallest: float = 8.0
    largest: float = 0.92
    visible: float = 0.45


def compose(
    pictures: Sequence[Pyramid], size: tuple[int, int], rng: np.random.Generator, layout: Layout
) -> tuple[Image, Boxes, NDArray[np.bool_]]:
    """One canvas (``height x width x 3``) of one or four ``pictures``, the boxes of their plates
    (``N x 4``, clipped to the canvas) and which of these are to be ignored."""
    width, height = size
    canvas = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if rng.random() < 0.5:
        canvas[:] = 128
    if len(pictures) == 1:
        regions = [(0, 0, width, height)]
    else:
        x, y = (int(n * rng.uniform(0.3, 0.7)) for n in size)
        regions = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    boxes, ignored = [], []
    for picture, region in zip(pictures, regions, strict=True):
        kept, unclear = _place(picture, canvas, region, rng, layout)
        boxes.append(kept)
        ignored.append(unclear)
    return canvas, np.concatenate(boxes), np.concatenate(ignored)


def _place(
    picture: Pyramid,
    canvas: Image,
    region: tuple[int, int, int, int],
    rng: np.random.Generator,
    layout: Layout,
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Draw ``picture`` into ``region`` (x0, y0, x1, y1) of ``canvas`` at a random size and place,
    mostly so that one of its plates can be seen."""
    x0, y0, x1, y1 = region
    width, height = picture.size
    room = np.array([x1 - x0, y1 - y0], np.float64)
    shown = None
    if len(picture.boxes) and rng.random() < 0.9:
        shown = picture.boxes[rng.integers(len(picture.boxes))]
    if room[0] < canvas.shape[1]:
        scale = max(room[0] / width, room[1] / height)
        scale *= np.exp(rng.uniform(*np.log(layout.tiles)))
    else:
        scale = min(room[0] / width, room[1] / height)
        scale *= np.exp(rng.uniform(*np.log(layout.scales)))
    if shown is not None:
        plate = float(shown[2] - shown[0])
        scale = np.clip(scale, 1.2 * layout.smallest / plate, layout.largest * room[0] / plate)
    stretch = np.exp(rng.normal(0, layout.stretch))
    matrix = zoom(scale * stretch, scale / stretch) @ tilt(
        rng, picture.size, layout.turn, layout.lean
    )
    if rng.random() < layout.mirror:
        matrix = matrix @ np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1.0]])
    free = room - np.array([width, height]) * scale
    matrix = shift(*rng.uniform(np.minimum(free, 0), np.maximum(free, 0))) @ matrix
    if shown is not None:
        corners = transform(matrix, shown.reshape(2, 2).astype(np.float64))
        low, high = corners.min(axis=0), corners.max(axis=0)
        if ((low < 0).any() or (high > room).any()) and rng.random() >= layout.cut:
            slack = room - (high - low)
            matrix = (
                shift(*(rng.uniform(np.minimum(slack, 0), np.maximum(slack, 0)) - low)) @ matrix
            )
    part = canvas[y0:y1, x0:x1]
    drawn = np.ascontiguousarray(part)
    picture.draw(matrix, drawn)
    part[:] = drawn
    return _boxes(picture, shift(x0, y0) @ matrix, region, layout)


def _boxes(
    picture: Pyramid, matrix: Matrix, region: tuple[int, int, int, int], layout: Layout
) -> tuple[Boxes, NDArray[np.bool_]]:
    """The boxes of ``picture`` after ``matrix``, clipped to ``region``, without those outside."""
    boxes = picture.boxes
    corners = transform(matrix, boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float64))
    # Turning an axis-parallel box makes the one around it too large: take the corners' means on
    # each side instead, halfway between the tightest and the loosest that the plate may have.
    ordered = np.sort(corners, axis=1)
    low = (ordered[:, 0] + ordered[:, 1]) / 2
    high = (ordered[:, 2] + ordered[:, 3]) / 2
    full = np.concatenate([low, high], axis=1)
    x0, y0, x1, y1 = region
    clipped = np.clip(full, [x0, y0, x0, y0], [x1, y1, x1, y1])
    size = clipped[:, 2:] - clipped[:, :2]
    inside = (size > 1).all(axis=1)
    area = (full[:, 2:] - full[:, :2]).prod(axis=1)
    unclear = (size.prod(axis=1) < layout.visible * area) | (size[:, 0] < layout.smallest)
    unclear |= picture.unclear
    return clipped[inside].astype(np.float32), unclear[inside]
