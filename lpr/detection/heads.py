"""YOLO heads: raw values -> boxes and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lpr.darknet.layers import RegionHead, Yolo
from lpr.types import Float32
from lpr.utils.activations import sigmoid, softmax

# Natural logarithm of a box's side over its anchor's: exp(10) anchors exceed any picture, and
# without a bound an extreme value would overflow.
_MAX_LOG_SCALE = 10.0


@dataclass(frozen=True, slots=True)
class Head:
    """The settings of a ``[yolo]`` or ``[region]`` section: its anchors in input pixels, its number
    of classes, ``scale_x_y``, ``new_coords`` and ``softmax`` (see :func:`decode_head`). A cell
    covers ``stride`` x ``stride`` input pixels; 0 if that is unknown."""

    anchors: tuple[tuple[float, float], ...]
    classes: int
    scale_x_y: float = 1.0
    new_coords: bool = False
    softmax: bool = False
    stride: int = 0

    @classmethod
    def of(cls, section: Yolo | RegionHead) -> Head:
        """The head of a cfg's section."""
        if isinstance(section, RegionHead):
            stride, softmax = section.out_stride, section.softmax
            return cls(section.anchors, section.classes, softmax=softmax, stride=stride)
        return cls(
            section.anchors,
            section.classes,
            section.scale_x_y,
            section.new_coords,
            stride=section.out_stride,
        )

    @property
    def channels(self) -> int:
        """Channels of the head's output."""
        return len(self.anchors) * (5 + self.classes)


def decode_head(
    output: Float32, head: Head, width: int, height: int, threshold: float
) -> tuple[Float32, Float32]:
    """Decode one head's raw values into boxes and scores, as Darknet's layers do.

    ``output`` is ``A*(5+C) x h x w``: for each anchor tx, ty, tw, th, objectness, classes. With s =
    ``scale_x_y`` and the cell (i, j), ``x = (i + s * sigmoid(tx) - (s - 1) / 2) * width / w`` and
    ``w = anchor_w * exp(tw)`` (Redmon and Farhadi 2018, YOLOv3; ``scale_x_y``: Bochkovskiy et al.
    2020, YOLOv4). The score is sigmoid(objectness) times the largest sigmoid(class).

    With ``new_coords`` the network has applied all sigmoids, and ``w = anchor_w * (2 * tw)**2``
    (Wang et al. 2021, Scaled-YOLOv4). With ``softmax`` the class probabilities are a softmax
    (Redmon and Farhadi 2017, YOLO9000).

    Returns ``K x 4`` corners in input pixels and ``K`` scores, all above ``threshold``.
    """
    rows, columns = output.shape[1:]
    cells = output.reshape(len(head.anchors), 5 + head.classes, rows, columns)
    activate = _identity if head.new_coords else sigmoid
    # A score never exceeds its objectness, which therefore rules out most cells early.
    anchor, row, column = np.nonzero(activate(cells[:, 4]) > threshold)
    values = cells[anchor, :, row, column]
    best = (
        softmax(values[:, 5:]).max(axis=1) if head.softmax else activate(values[:, 5:].max(axis=1))
    )
    scores = activate(values[:, 4]) * best
    keep = scores > threshold
    anchor, row, column, values = anchor[keep], row[keep], column[keep], values[keep]

    shift = (head.scale_x_y - 1) / 2
    x = (column + head.scale_x_y * activate(values[:, 0]) - shift) * (width / columns)
    y = (row + head.scale_x_y * activate(values[:, 1]) - shift) * (height / rows)
    if head.new_coords:
        scale = (2 * values[:, 2:4]) ** 2
    else:
        scale = np.exp(np.minimum(values[:, 2:4], _MAX_LOG_SCALE))
    half = np.asarray(head.anchors, np.float32)[anchor] * scale / 2
    boxes = np.stack([x - half[:, 0], y - half[:, 1], x + half[:, 0], y + half[:, 1]], axis=1)
    return boxes.astype(np.float32), scores[keep].astype(np.float32)


def _identity(values: Float32) -> Float32:
    return values
