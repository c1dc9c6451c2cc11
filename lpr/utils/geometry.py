"""Windows of pictures, and what their edges cut off."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lpr.types import AnyImage, Box, Image, Quad, Side

_EDGE_HEIGHTS, _EDGE_PIXELS = 0.05, 1.0
"""A box that ends this close to an edge (heights of the box, plus pixels) may be of a plate that
the edge cuts. Of the photographs of dev, cut on purpose so that at least 8 % of a plate's width
is lost, 99 % have such a box."""

_NEARLY_AT = 0.02
"""Heights of the plate: corners are found about that exactly. Of the plates of dev with a margin of
2 to 4 % of their width left, 98 % have their corners farther inside."""

_CLEARLY_BEYOND = 0.05
"""Heights of the plate. Of the plates of dev that lose at least 13 % of their width, 98 % have a
corner that far outside."""

_FILLING = 0.75
"""Share of the picture's area from which a plate fills it."""


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
    gaps = _gaps(box, width, height)
    return tuple(side for side, gap in gaps.items() if gap <= slack)


def sides_beyond(
    quad: Quad, sides: Sequence[Side], width: float, height: float
) -> tuple[Side, ...]:
    """Those of ``sides`` of a picture of ``width x height`` pixels at which, or beyond which, the
    plate with the corners ``quad`` has a corner.

    A plate that fills its picture was probably cut out for it: then the corner has to lie clearly
    beyond.
    """
    xs, ys = zip(*quad, strict=True)
    plate = Box(min(xs), min(ys), max(xs), max(ys))
    fills = plate.clipped(width, height).area >= _FILLING * width * height
    least = (-_CLEARLY_BEYOND if fills else _NEARLY_AT) * plate.height
    gaps = _gaps(plate, width, height)
    return tuple(side for side in sides if gaps[side] <= least)


def _gaps(box: Box, width: float, height: float) -> dict[Side, float]:
    """The pixels between each side of a box and of its picture; negative beyond."""
    return {
        "left": box.x0,
        "top": box.y0,
        "right": width - box.x1,
        "bottom": height - box.y1,
    }
