"""Windows of pictures, and what their edges cut off."""

from __future__ import annotations

import math

from collections.abc import Sequence

from lpr.types import AnyImage, Box, Image, Quad, Side

_EDGE_HEIGHTS, _EDGE_PIXELS = 0.05, 1.0
"""A box that ends this close to an edge (heights of the box, plus pixels) may be of a plate that the
edge cuts. Of the photographs of dev, cut on purpose so that at least 8 % of a plate's width is
lost, 99 % have such a box."""


def cut_out(image: AnyImage, box: Box) -> Image:
    """The pixels of ``image`` (``H x W`` or ``H x W x C``) that ``box`` touches: a view, not a
    copy, and empty if the box lies outside of the picture."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box.clipped(width, height)
    window: Image = image[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)]
    return window


def touched_sides(box: Box, width: float, height: float) -> tuple[Side, ...]:
    """The sides of a picture of ``width x height`` pixels at which ``box`` ends."""
    slack = _EDGE_HEIGHTS * box.height + _EDGE_PIXELS
    gaps: dict[Side, float] = {
        "left": box.x0,
        "top": box.y0,
        "right": width - box.x1,
        "bottom": height - box.y1,
    }
    return tuple(side for side, gap in gaps.items() if gap <= slack)


def sides_beyond(
    quad: Quad, sides: Sequence[Side], width: float, height: float
) -> tuple[Side, ...]:
    """Those of ``sides`` of a picture of ``width x height`` pixels at or beyond which the plate with
    the corners ``quad`` has a corner."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    gaps: dict[Side, float] = {
        "left": min(ax, dx),
        "top": min(ay, by),
        "right": width - max(bx, cx),
        "bottom": height - max(cy, dy),
    }
    return tuple(side for side in sides if gaps[side] <= 0)
