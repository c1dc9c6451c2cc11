"""Decoded pictures at several sizes, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lpr.errors import SourceError
from lpr.labels import LabelledPicture
from lpr.types import Box, Image
from lpr_training.synth.arrays import as_image

LEVELS = 4
"""The number of sizes of each picture: 1, 1/2, 1/4 and 1/8."""


class Pyramid:
    """A decoded picture at several sizes, so that shrinking it further does not alias.

    ``boxes`` (``N x 4`` float32) are in pixels of level 0; ``unclear`` (``N``) marks plates without
    a label, whose detection is neither right nor wrong.
    """

    def __init__(
        self, image: Image, boxes: Sequence[Box] = (), unclear: NDArray[np.bool_] | None = None
    ) -> None:
        self.levels = [image]
        for _ in range(1, LEVELS):
            height, width = self.levels[-1].shape[:2]
            if min(height, width) < 2:
                break
            half = (width // 2, height // 2)
            shrunk = cv2.resize(self.levels[-1], half, interpolation=cv2.INTER_AREA)
            self.levels.append(as_image(shrunk))
        self.boxes: NDArray[np.float32] = np.array(boxes, np.float32).reshape(-1, 4)
        self.unclear = np.zeros(len(self.boxes), bool) if unclear is None else unclear

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of level 0."""
        return self.levels[0].shape[1], self.levels[0].shape[0]

    def draw(
        self, matrix: NDArray[np.float64], canvas: Image, border: int = cv2.BORDER_TRANSPARENT
    ) -> None:
        """Draw the picture onto ``canvas``, in place. Beyond it, the canvas is kept (with the
        default ``border``) or filled with the picture's edge (``BORDER_REPLICATE``).

        ``matrix`` (3 x 3) maps coordinates of the picture to those of the canvas, as in
        :mod:`lpr.types` (pictures begin at 0, centres of pixels are at .5).
        """
        # The scale at the picture's centre selects the level.
        width, height = self.size
        u, v, w = matrix @ (width / 2, height / 2, 1.0)
        x = (matrix[0] * w - matrix[2] * u) / w**2
        y = (matrix[1] * w - matrix[2] * v) / w**2
        scale = float(np.sqrt(abs(x[0] * y[1] - x[1] * y[0])))
        level = int(np.floor(np.log2(max(1.0 / max(scale, 1e-3), 1.0)) + 0.3))
        image = self.levels[min(level, len(self.levels) - 1)]
        fx, fy = image.shape[1] / width, image.shape[0] / height
        to_level0 = np.array([[1 / fx, 0, 0.5 / fx], [0, 1 / fy, 0.5 / fy], [0, 0, 1]])
        to_index = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
        cv2.warpPerspective(
            image,
            to_index @ matrix @ to_level0,
            (canvas.shape[1], canvas.shape[0]),
            dst=canvas,
            flags=cv2.INTER_LINEAR,
            borderMode=border,
        )


def decode(file: Path, longest: int = 640) -> tuple[Image, float]:
    """A picture file as BGR, shrunk to sides of at most ``longest`` pixels, and the factor."""
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise SourceError(f"{file}: not a picture that OpenCV can read")
    factor = min(longest / max(image.shape[:2]), 1.0)
    if factor < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8), factor


def load(
    pictures: Iterable[LabelledPicture],
    longest: int = 640,
    unlabelled: Mapping[str, Sequence[Box]] | None = None,
) -> list[Pyramid]:
    """All ``pictures`` in memory (about 1.2 MB each at 640 x 480). ``unlabelled`` holds plates that
    the labels lack, by the pictures' file names."""
    pyramids = []
    for picture in pictures:
        image, factor = decode(picture.path, longest)
        labelled = [plate.box for plate in picture.plates]
        others = list((unlabelled or {}).get(picture.path.name, ()))
        boxes = [Box(*(value * factor for value in box)) for box in labelled + others]
        pyramids.append(Pyramid(image, boxes, np.arange(len(boxes)) >= len(labelled)))
    return pyramids
