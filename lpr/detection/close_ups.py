"""Plates that nearly fill the picture: the detector runs once more, on a smaller input.

The boxes of a YOLO network stop growing at about half the width of the inputs that it was trained
on, since its anchors and its receptive field do. A larger plate then gives no detection or one of a
part, but always raw boxes that are wide, if of a low score. Those call for the second run; other
pictures cost nothing. In 167 street photographs (``dev``), one in nine has such a box. A picture
smaller than the second input is enlarged instead: the network misses one in eight plates of 60
pixels that have no margin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lpr.detection.threshold_sweep import Sweep, above
from lpr.specs import DetectorSpec
from lpr.types import Box, Detection, Float32

MIN_SCORE = 0.02
"""A raw box below this calls for no second run. Of rendered plates that fill the picture, all give
a wide box above it; of road scenes with small plates, 2 in 150 do."""

LARGE_SHARE = 0.5
"""A box longer than this share of the side of the input, at most the model's default one, is large.
The side is the square root of the area."""

REDUCED_SHARE = 5 / 12
"""Side of the second run's input over the model's default one: 160 of 384 pixels. A plate that
fills the picture is then as large as those that the network knows."""

PART_SHARE = 0.7
"""A box with more than this share of its area in a larger one shows the same plate."""

COVERING = 0.9
"""A box that spans less than this share of a large one, across or down, shows a part of the plate:
half a character is a tenth of the width or less."""


def large_side(spec: DetectorSpec, size: tuple[int, int]) -> float:
    """The least length of a large box in an input of ``size``, in its pixels."""
    return LARGE_SHARE * math.sqrt(min(spec.width * spec.height, size[0] * size[1]))


def calls_for_second_run(boxes: Float32, scores: Float32, large: float) -> bool:
    """Whether a raw box (``N x 4``, pixels of the input) is longer than ``large``."""
    sides = (boxes[:, 2:] - boxes[:, :2])[scores >= MIN_SCORE]
    return bool((sides > large).any())


def with_large_plates(
    first: Sequence[Detection],
    second: Sequence[Detection],
    threshold: float | Sweep,
    min_width: float,
    min_height: float,
    nms: float,
) -> list[Detection]:
    """The detections of both runs, the most confident first, each plate once.

    Of the ``second`` run only boxes of at least ``min_width`` or ``min_height`` (pixels of the
    picture) count. One replaces the boxes of the ``first`` run that show a part of it; where the
    first run covers the plate as well, its box stays. Two boxes with an IoU above ``nms`` show the
    same plate. With a :class:`Sweep` the highest threshold counts that leaves a detection.
    """
    second = [s for s in second if s.box.width >= min_width or s.box.height >= min_height]
    for lowest in threshold.thresholds if isinstance(threshold, Sweep) else (threshold,):
        kept = above(first, lowest)
        for large in above(second, lowest):
            same = [each for each in kept if _same_plate(each, large, nms)]
            if not any(_covers(each.box, large.box) for each in same):
                kept = [each for each in kept if each not in same] + [large]
        if kept:
            return sorted(kept, key=lambda each: -each.confidence)
    return []


def _same_plate(one: Detection, other: Detection, nms: float) -> bool:
    width = min(one.box.x1, other.box.x1) - max(one.box.x0, other.box.x0)
    height = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
    shared = max(width, 0) * max(height, 0)
    smaller = min(one.box.area, other.box.area)
    return shared > PART_SHARE * smaller or one.box.iou(other.box) > nms


def _covers(box: Box, large: Box) -> bool:
    width = min(box.x1, large.x1) - max(box.x0, large.x0)
    height = min(box.y1, large.y1) - max(box.y0, large.y0)
    return width >= COVERING * large.width and height >= COVERING * large.height
