"""Mosaic augmentation: one or four pictures on a detector's canvas, with their boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpr.types import Image
from lpr_training.augmentation.geometric import Matrix, shift, tilt, transform, zoom
from lpr_training.datasets.pyramid import Pyramid

Boxes = NDArray[np.float32]

# Share of pictures that are placed such that one of their plates is visible, if they have one.
_AIMED = 0.9


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures are placed on a detector's canvas. Shares and odds are 0..1."""

    mosaic: float = 0.5  # Share of canvases with four pictures
    scales: tuple[float, float] = (0.65, 2.0)  # Sizes of a single picture, 1 just fits the canvas
    tiles: tuple[float, float] = (0.8, 2.2)  # Sizes of one of four pictures, 1 just fills its tile
    turn: float = 4.0  # Standard deviation of the rotation, in degrees
    lean: float = 0.04  # Standard deviation of shear and perspective
    mirror: float = 0.05  # Odds of mirroring; rare, because texts are not mirrored in reality
    stretch: float = 0.15  # Standard deviation of the logarithm of the aspect ratio's change
    cut: float = 0.25  # Odds that a plate which the canvas's edge would truncate stays truncated
    smallest: float = 8.0  # Narrower plates, in pixels, are ignored: neither positive nor negative
    largest: float = 0.92  # Greatest width of the plate that a picture is placed by, in tiles
    visible: float = 0.45  # Plates with a smaller share of their area inside the tile are ignored


def compose(
    pictures: Sequence[Pyramid], size: tuple[int, int], rng: np.random.Generator, layout: Layout
) -> tuple[Image, Boxes, NDArray[np.bool_]]:
    """Return a canvas (``height x width x 3``) of one or four ``pictures``, the boxes of their
    plates (``N x 4``, clipped to the canvas) and which of them are to be ignored."""
    width, height = size
    canvas = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if rng.random() < 0.5:
        canvas[:] = 128
    if len(pictures) == 1:
        tiles = [(0, 0, width, height)]
    else:
        x, y = (int(n * rng.uniform(0.3, 0.7)) for n in size)
        tiles = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    boxes, ignored = [], []
    for picture, tile in zip(pictures, tiles, strict=True):
        kept, unclear = _place(picture, canvas, tile, rng, layout)
        boxes.append(kept)
        ignored.append(unclear)
    return canvas, np.concatenate(boxes), np.concatenate(ignored)


def _place(
    picture: Pyramid,
    canvas: Image,
    tile: tuple[int, int, int, int],
    rng: np.random.Generator,
    layout: Layout,
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Draw ``picture`` into a ``tile`` (x0, y0, x1, y1) of ``canvas`` at a random size and
    position, mostly such that one of its plates is visible."""
    x0, y0, x1, y1 = tile
    width, height = picture.size
    room = np.array([x1 - x0, y1 - y0], np.float64)
    target = None
    if len(picture.boxes) and rng.random() < _AIMED:
        target = picture.boxes[rng.integers(len(picture.boxes))]
    if room[0] < canvas.shape[1]:
        scale = max(room[0] / width, room[1] / height)
        scale *= np.exp(rng.uniform(*np.log(layout.tiles)))
    else:
        scale = min(room[0] / width, room[1] / height)
        scale *= np.exp(rng.uniform(*np.log(layout.scales)))
    if target is not None:
        plate = float(target[2] - target[0])
        scale = np.clip(scale, 1.2 * layout.smallest / plate, layout.largest * room[0] / plate)
    stretch = np.exp(rng.normal(0, layout.stretch))
    matrix = zoom(scale * stretch, scale / stretch) @ tilt(
        rng, picture.size, layout.turn, layout.lean
    )
    if rng.random() < layout.mirror:
        matrix = matrix @ np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1.0]])
    free = room - np.array([width, height]) * scale
    matrix = shift(*rng.uniform(np.minimum(free, 0), np.maximum(free, 0))) @ matrix
    if target is not None:
        corners = transform(matrix, target.reshape(2, 2).astype(np.float64))
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
    return _boxes(picture, shift(x0, y0) @ matrix, tile, layout)


def _boxes(
    picture: Pyramid, matrix: Matrix, tile: tuple[int, int, int, int], layout: Layout
) -> tuple[Boxes, NDArray[np.bool_]]:
    """The boxes of ``picture`` transformed by ``matrix`` and clipped to ``tile``, without those
    outside; and which of them are to be ignored."""
    boxes = picture.boxes
    corners = transform(matrix, boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float64))
    # The bounding box of a rotated box is too large. The mean of the two corners on each side lies
    # halfway between the tightest and the loosest box that the plate may have.
    ordered = np.sort(corners, axis=1)
    low = (ordered[:, 0] + ordered[:, 1]) / 2
    high = (ordered[:, 2] + ordered[:, 3]) / 2
    full = np.concatenate([low, high], axis=1)
    x0, y0, x1, y1 = tile
    clipped = np.clip(full, [x0, y0, x0, y0], [x1, y1, x1, y1])
    size = clipped[:, 2:] - clipped[:, :2]
    inside = (size > 1).all(axis=1)
    area = (full[:, 2:] - full[:, :2]).prod(axis=1)
    unclear = (size.prod(axis=1) < layout.visible * area) | (size[:, 0] < layout.smallest)
    unclear |= picture.unclear
    return clipped[inside].astype(np.float32), unclear[inside]
