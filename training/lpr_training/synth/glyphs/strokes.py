"""Strokes, from which characters are drawn.

A stroke is a polyline through corners ``(u, v)`` or ``(u, v, r)``. ``u`` and ``v`` span the box of
the pen's centre, from 0 (left, top) to 1 (right, bottom), so one drawing serves every stroke
weight; ``r`` rounds the corner with a radius in heights of the character. The character's box clips
the ink, which gives slanted strokes their level ends.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np

Corner: TypeAlias = tuple[float, float] | tuple[float, float, float]
End: TypeAlias = Literal["flat", "square", "slant", "round"]


class Stroke(NamedTuple):
    """A stroke with its two ``ends``, or None if it is closed.

    ``flat`` stops at the corner, ``square`` half a stroke further, ``slant`` continues until the
    character's box clips it, ``round`` ends in half a disc. ``weight`` is a factor that thins
    crowded strokes.
    """

    corners: tuple[Corner, ...]
    ends: tuple[End, End] | None
    weight: float = 1.0


def line(
    *corners: Corner, start: End = "square", end: End = "square", weight: float = 1.0
) -> Stroke:
    return Stroke(corners, (start, end), weight)


def slanted(*corners: Corner, weight: float = 1.0) -> Stroke:
    return Stroke(corners, ("slant", "slant"), weight)


def loop(*corners: Corner) -> Stroke:
    return Stroke(corners, None)


def bezier(p: Corner, q: Corner, r: Corner, s: Corner, steps: int = 12) -> tuple[Corner, ...]:
    """A cubic Bezier curve as a polyline of ``steps`` segments."""
    points = []
    for t in np.linspace(0, 1, steps + 1):
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x = sum(w * c[0] for w, c in zip(weights, (p, q, r, s), strict=True))
        y = sum(w * c[1] for w, c in zip(weights, (p, q, r, s), strict=True))
        points.append((float(x), float(y)))
    return tuple(points)


def bowl(x: float, y: float, rx: float, ry: float, steps: int = 28) -> Stroke:
    """An ellipse with its centre at ``(x, y)``, as a closed polyline of ``steps`` segments."""
    angles = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return loop(*((float(x + rx * np.cos(a)), float(y + ry * np.sin(a))) for a in angles))
