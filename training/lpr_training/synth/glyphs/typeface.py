"""Draws characters from strokes, in any width, stroke weight and variant."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np

from lpr.types import Image
from lpr_training.synth.glyphs.characters import SHAPES
from lpr_training.synth.glyphs.strokes import Corner, End, Stroke

# Pixels drawn per pixel of the mask, along each axis; area averaging then antialiases.
_SUPERSAMPLING = 4
_MITRE_LIMIT = 6.0  # Longest mitre of a joint, in half strokes; a sharper joint is bevelled
_FIXED_POINT = 4  # Fractional bits of the coordinates that OpenCV draws at


@dataclass(frozen=True, slots=True)
class Typeface:
    """One way to draw the characters."""

    width: float = 0.5  # Width of a character, in heights of it
    weight: float = 0.15  # Width of the strokes, in heights of the character
    wobble: float = 0.0  # Standard deviation of the corners' places, in widths of the pen's box
    old: bool = False  # Draws the 1 with a flag, as plates before 2012 do
    seed: int = 0  # Selects the corners' displacement and, unless 0, variants of the characters

    def mask(self, char: str, width: int, height: int) -> Image:
        """Return ``height x width`` of ink, 0 (none) to 255: cached, so read-only.

        The drawing is stretched to this size; the stroke weight refers to ``height``. Raises
        ``KeyError`` for a character outside
        :data:`~lpr_training.synth.glyphs.characters.CHARACTERS`.
        """
        return _mask(self, char, width, height)


@lru_cache(maxsize=8192)
def _mask(face: Typeface, char: str, width: int, height: int) -> Image:
    scale = _SUPERSAMPLING
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    variants = SHAPES[char]
    rng = np.random.default_rng([face.seed, zlib.crc32(char.encode())])
    variant = int(rng.integers(len(variants))) if face.seed and rng.random() < 0.5 else 0
    if char == "1":
        flagged = 1 + int(rng.integers(len(variants) - 1)) if face.seed else 1
        variant = flagged if face.old else 0
    pen = _Pen(canvas, face.weight * height * scale, face.wobble, rng)
    for stroke in variants[variant]:
        pen.draw(stroke)
    ink: Image = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    ink.flags.writeable = False
    return ink


Point: TypeAlias = tuple[float, float]


class _Pen:
    """Draws strokes of one width. Coordinates are floats: NumPy arrays of two are slow."""

    def __init__(
        self, canvas: Image, width: float, wobble: float, rng: np.random.Generator
    ) -> None:
        self._canvas = canvas
        self._half = width / 2
        self._wobble = wobble
        self._rng = rng
        self._shifts: dict[tuple[int, float], float] = {}

    def draw(self, stroke: Stroke) -> None:
        path = self._flatten(stroke)
        if stroke.ends is None:
            path += path[:2]
        else:
            self._extend(path, 0, 1, stroke.ends[0])
            self._extend(path, -1, -2, stroke.ends[1])
        reach = self._half * stroke.weight
        before: Point | None = None
        for (px, py), (qx, qy) in pairwise(path):
            length = max(math.hypot(qx - px, qy - py), 1e-9)
            nx, ny = -(qy - py) / length * reach, (qx - px) / length * reach
            self._fill([(px + nx, py + ny), (qx + nx, qy + ny),
                        (qx - nx, qy - ny), (px - nx, py - ny)])  # fmt: skip
            if before is not None:
                self._join((px, py), before, (nx, ny))
            before = nx, ny

    def _flatten(self, stroke: Stroke) -> list[Point]:
        """The stroke as a polyline in pixels, with its rounded corners."""
        points = [self._place(corner) for corner in stroke.corners]
        radii = [corner[2] if len(corner) == 3 else 0.0 for corner in stroke.corners]
        closed = stroke.ends is None
        tall = self._canvas.shape[0]
        path: list[Point] = []
        for i, (point, radius) in enumerate(zip(points, radii, strict=True)):
            if radius == 0 or (not closed and i in (0, len(points) - 1)):
                path.append(point)
            else:
                after = points[(i + 1) % len(points)]
                path.extend(_round(points[i - 1], point, after, radius * tall))
        return path

    def _place(self, corner: Corner) -> Point:
        height, width = self._canvas.shape
        u, v = corner[0] + self._shift(0, corner[0]), corner[1] + self._shift(1, corner[1])
        x = self._half + u * (width - 2 * self._half)
        y = self._half + v * (height - 2 * self._half)
        return x, y

    def _shift(self, axis: int, value: float) -> float:
        """The displacement of a coordinate, the same for all corners that share it, so bars stay
        level."""
        if self._wobble == 0 or not 0.05 < value < 0.95:
            return 0.0
        key = (axis, value)
        if key not in self._shifts:
            self._shifts[key] = float(self._rng.normal(0, self._wobble))
        return self._shifts[key]

    def _extend(self, path: list[Point], tip: int, before: int, end: End) -> None:
        (x, y), (bx, by) = path[tip], path[before]
        if end == "round":
            self._disc(x, y)
            return
        reach = {"flat": 0.0, "square": 1.0, "slant": 4.0}[end] * self._half
        length = max(math.hypot(x - bx, y - by), 1e-9)
        path[tip] = x + (x - bx) / length * reach, y + (y - by) / length * reach

    def _join(self, corner: Point, before: Point, after: Point) -> None:
        """Fill the outer wedge of a joint, mitred up to :data:`_MITRE_LIMIT`."""
        (cx, cy), (bx, by), (ax, ay) = corner, before, after
        mx, my = bx + ax, by + ay
        length = mx * mx + my * my
        outer = -1.0 if bx * ay - by * ax > 0 else 1.0
        wedge = [corner, (cx + outer * bx, cy + outer * by), (cx + outer * ax, cy + outer * ay)]
        if length > 0:
            stretch = 2 * (bx * bx + by * by) / length
            if math.sqrt(length) * stretch < _MITRE_LIMIT * self._half:
                wedge.insert(2, (cx + outer * mx * stretch, cy + outer * my * stretch))
        self._fill(wedge)

    def _fill(self, polygon: Sequence[Point]) -> None:
        corners = np.array([_fixed_point(x, y) for x, y in polygon], np.int32)
        cv2.fillConvexPoly(self._canvas, corners, 255, lineType=cv2.LINE_8, shift=_FIXED_POINT)

    def _disc(self, x: float, y: float) -> None:
        radius = round(self._half * (1 << _FIXED_POINT))
        centre = _fixed_point(x, y)
        cv2.circle(self._canvas, centre, radius, 255, -1, cv2.LINE_8, shift=_FIXED_POINT)


def _fixed_point(x: float, y: float) -> tuple[int, int]:
    """A point as OpenCV counts: whole numbers at pixels' centres, with fractional bits."""
    scale = 1 << _FIXED_POINT
    return round((x - 0.5) * scale), round((y - 0.5) * scale)


def _round(before: Point, corner: Point, after: Point, radius: float) -> list[Point]:
    """The arc that replaces a corner, tangent to both sides and within half of each."""
    (x, y), (bx, by), (ax, ay) = corner, before, after
    bx, by, ax, ay = bx - x, by - y, ax - x, ay - y
    long_before, long_after = math.hypot(bx, by), math.hypot(ax, ay)
    bx, by, ax, ay = bx / long_before, by / long_before, ax / long_after, ay / long_after
    angle = math.acos(min(max(bx * ax + by * ay, -1), 1))
    if angle > math.pi - 0.02:
        return [corner]
    reach = min(radius / math.tan(angle / 2), long_before * 0.5, long_after * 0.5)
    # A rational quadratic Bezier with this weight is exactly the circle's arc.
    weight = math.sin(angle / 2)
    arc = []
    for step in range(9):
        t = step / 8
        p, q, r = (1 - t) ** 2, 2 * t * (1 - t) * weight, t * t
        total = p + q + r
        px, py = (p * bx + r * ax) * reach / total, (p * by + r * ay) * reach / total
        arc.append((x + px, y + py))
    return arc
