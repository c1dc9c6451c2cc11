"""Darknet's augmentation (``load_data_detection`` in its data.c)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lpr.types import Float32, Image
from lpr_training.augmentation.geometric import shift, transform, zoom
from lpr_training.datasets.pyramid import Pyramid
from lpr_training.synth.arrays import as_image

SMALLEST = 0.001
"""Boxes that are narrower or lower than this share of the canvas are dropped."""


@dataclass(frozen=True, slots=True)
class Darknet:
    """Darknet's training keys."""

    jitter: float = 0.3  # Greatest change of a picture's sides, as a share of them
    hue: float = 0.1  # Greatest shift of the hue, as a share of the circle
    saturation: float = 1.5  # Greatest factor of the saturation
    exposure: float = 1.5  # Greatest factor of the brightness
    flip: bool = True  # Mirrors half of the pictures
    ignore_thresh: float = 0.7  # Unassigned predictions have no loss from this IoU with a plate on


def place(
    picture: Pyramid, size: tuple[int, int], rng: np.random.Generator, keys: Darknet
) -> tuple[Image, Float32, NDArray[np.bool_]]:
    """Place ``picture`` on a grey canvas of ``size`` (width, height): randomly stretched, as large
    as fits, at a random position, with distorted colours, and mirrored half of the time.

    Returns the canvas, the boxes on it (``N x 4``) and which of them are to be ignored.
    """
    width, height = size
    source = np.array(picture.size, np.float64)
    wide, tall = source + rng.uniform(-1, 1, 2) * keys.jitter * source
    # Darknet compares the proportions with 1 instead of the canvas's, so pictures may cross the
    # edge; here they fit.
    scale = min(width / wide, height / tall)
    shown = np.array([wide, tall]) * scale
    x, y = rng.uniform(0, 1, 2) * (np.array(size) - shown)
    matrix = shift(x, y) @ zoom(*(shown / source))
    if keys.flip and rng.random() < 0.5:
        matrix = np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1.0]]) @ matrix
    canvas = np.full((height, width, 3), 128, np.uint8)
    picture.draw(matrix, canvas)
    corners = transform(matrix, picture.boxes.reshape(-1, 2, 2).astype(np.float64))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    extent = (boxes[:, 2:] - boxes[:, :2]) / size
    kept = (extent >= SMALLEST).all(axis=1)
    coloured = distort(canvas, rng, keys)
    return coloured, boxes[kept].astype(np.float32), picture.unclear[kept]


def distort(image: Image, rng: np.random.Generator, keys: Darknet) -> Image:
    """Change hue, saturation and exposure (``random_distort_image``), the latter two by factors
    between the given ones and their inverses."""
    turn = rng.uniform(-keys.hue, keys.hue) * 180
    saturation, exposure = (
        factor if rng.random() < 0.5 else 1 / factor
        for factor in rng.uniform(1, (keys.saturation, keys.exposure))
    )
    index = np.arange(256)
    table = np.stack(
        [
            (index + round(turn)) % 180,
            np.clip(index * saturation, 0, 255),
            np.clip(index * exposure, 0, 255),
        ],
        axis=-1,
    ).astype(np.uint8)
    hsv = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), table[None])
    return as_image(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))
