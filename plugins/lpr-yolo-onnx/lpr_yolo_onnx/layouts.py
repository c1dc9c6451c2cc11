"""The layouts of detectors' outputs, and their decoding into boxes, scores and corners.

| output of a picture | layout |
| --- | --- |
| ``(4 + C + E) x N`` | YOLOv8, YOLO11 and later without NMS: x, y, w, h, C scores, E extras |
| ``N x (5 + C)`` | YOLOv5: x, y, w, h, objectness, C scores |
| ``N x (6 + E)`` | with NMS inside (``nms=True``), or without need of it (YOLOv10, YOLO26): x0, y0, x1, y1, score, class, E extras |
| ``N x (4 + C)`` | RT-DETR: x, y, w, h in 0..1, C scores |

Extras are the angle of an oriented box (in radians; its box is then x, y, w, h in every layout),
keypoints, or masks.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lpr.types import Float32
from lpr_yolo_onnx.metadata import Metadata

Kind = Literal["yolov8", "yolov5", "end2end", "rtdetr"]

MIN_SCORE = 0.01
"""Boxes below are dropped here; lpr's threshold is above."""

MAX_END2END = 1000
"""Rows of an output with six columns up to which it has NMS inside (usually 300); YOLOv5 with one
class, which has six columns too, gives thousands."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to decode an output: ``classes`` is their number, None if the output does not tell."""

    kind: Kind
    classes: int | None


class Found(NamedTuple):
    """``N x 4`` boxes (x0, y0, x1, y1) and ``N`` scores; ``N x 4 x 2`` corners of plates if the
    network gives any. All in pixels of the input."""

    boxes: Float32
    scores: Float32
    corners: Float32 | None


def layout_of(shape: Sequence[int], metadata: Metadata) -> Layout | None:
    """The layout of a picture's output of ``shape``; None if it is none of those above."""
    if len(shape) != 2:
        return None
    rows, columns = shape
    count, extras = len(metadata.names), _extras(metadata)
    if metadata.rtdetr:
        fits = columns > 4 and count in (0, columns - 4)
        return Layout("rtdetr", columns - 4) if fits else None
    if rows < columns:  # few features of many boxes
        if metadata.task == "segment" and count:
            extras = rows - 4 - count  # masks
        classes = rows - 4 - extras
        return Layout("yolov8", classes) if extras >= 0 and classes == (count or classes) else None
    if columns == 6 + extras and (metadata.task or rows <= MAX_END2END):
        return Layout("end2end", count or None)
    if metadata.task == "segment" and columns > 6:
        return Layout("end2end", count or None)
    if columns >= 6 and columns - 5 == (count or columns - 5):
        return Layout("yolov5", columns - 5)
    if columns >= 5 and columns - 4 == (count or columns - 4):
        return Layout("rtdetr", columns - 4)
    return None


def _extras(metadata: Metadata) -> int:
    if metadata.task == "pose":
        return metadata.keypoints[0] * metadata.keypoints[1]
    return 1 if metadata.task == "obb" else 0


def decode(
    output: Float32,
    layout: Layout,
    metadata: Metadata,
    classes: Sequence[int],
    size: tuple[int, int],
) -> Found:
    """The boxes of ``classes`` in a picture's ``output``; ``size`` is the input's (width, height)
    in pixels. NMS is not applied."""
    rows = output.T if layout.kind == "yolov8" else output
    if layout.kind == "end2end":
        scores = np.where(np.isin(rows[:, 5].round(), classes), rows[:, 4], 0)
        end = 6
    else:
        start = 5 if layout.kind == "yolov5" else 4
        assert layout.classes is not None
        end = start + layout.classes
        scores = rows[:, start:end][:, list(classes)].max(axis=1)
        if layout.kind == "yolov5":
            scores = scores * rows[:, 4]
    kept = scores > MIN_SCORE
    # Scores of 1.0000001 occur, by rounding.
    rows, scores = rows[kept], scores[kept].clip(0, 1)
    boxes, extras = rows[:, :4], rows[:, end:]
    if layout.kind == "rtdetr":
        boxes = boxes * np.asarray([*size, *size], np.float32)
    if metadata.task == "obb":
        corners = oriented(boxes, extras[:, 0])
        low, high = corners.min(axis=1), corners.max(axis=1)
        return Found(np.concatenate([low, high], axis=1), scores, corners)
    if layout.kind != "end2end":
        half = boxes[:, 2:] / 2
        boxes = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    boxes = np.ascontiguousarray(boxes)
    if metadata.task == "pose" and metadata.keypoints[0] == 4:
        keypoints = extras[:, : 4 * metadata.keypoints[1]].reshape(-1, 4, metadata.keypoints[1])
        return Found(boxes, scores, keypoints[:, :, :2])
    return Found(boxes, scores, None)


def oriented(boxes: Float32, angles: Float32) -> Float32:
    """The corners (``N x 4 x 2``) of boxes (centre, width, height) turned by ``angles`` (radians,
    clockwise)."""
    cos, sin = np.cos(angles), np.sin(angles)
    across = np.stack([cos, sin], axis=1) * boxes[:, 2:3] / 2
    down = np.stack([-sin, cos], axis=1) * boxes[:, 3:4] / 2
    corners = [-across - down, across - down, across + down, -across + down]
    return (boxes[:, None, :2] + np.stack(corners, axis=1)).astype(np.float32)


ELONGATED = 1.5
"""Width over height from which the long sides of a plate are its top and bottom."""


def in_reading_order(corners: NDArray[np.floating]) -> NDArray[np.floating] | None:
    """Four corners of a plate as one reads it: top left, top right, bottom right, bottom left. None
    if they do not make a convex quadrilateral.

    The top is a long side, if the sides differ clearly, and points to the right: a plate is not
    upside down. Networks number corners as they like.
    """
    around = corners - corners.mean(axis=0)
    clockwise = corners[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    sides = np.roll(clockwise, -1, axis=0) - clockwise
    following = np.roll(sides, -1, axis=0)
    if (sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]).min() <= 0:
        return None
    # Of opposite sides as one, from left to right if the first is the top.
    across = sides - np.roll(sides, -2, axis=0)
    lengths = np.hypot(*across.T)
    likely = across[:, 0].copy()
    if lengths.max() >= ELONGATED * lengths.min():
        likely[lengths < lengths.max() * (1 - 1e-6)] = -np.inf
    return np.roll(clockwise, -int(likely.argmax()), axis=0)
