"""The 36 characters, drawn as strokes: our own drawing of a condensed number-plate typeface.

A character is a list of strokes; a stroke is a line through corners ``(u, v)`` or ``(u, v, r)``.
``u`` and ``v`` run over the box of the pen's centre, from 0 (left, top) to 1 (right, bottom), so
that one drawing serves every stroke weight; ``r`` rounds the corner with a radius in heights of the
character. The ink is cut off at the character's box, which is what gives slanted strokes their
level ends.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

from lpr.types import Image

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Corner: TypeAlias = tuple[float, float] | tuple[float, float, float]
End: TypeAlias = Literal["flat", "square", "slant", "round"]

_SUPERSAMPLING = 4
_MITRE_LIMIT = 6.0
_R = 0.095


class Stroke(NamedTuple):
    """``ends`` says how the stroke begins and ends, None where it is closed.

    ``flat`` stops at the corner, ``square`` half a stroke further, ``slant`` runs on until the
    character's box cuts it off, ``round`` ends in half a disc. ``weight`` thins crowded strokes.
    """

    corners: tuple[Corner, ...]
    ends: tuple[End, End] | None
    weight: float = 1.0


def _line(
    *corners: Corner, start: End = "square", end: End = "square", weight: float = 1.0
) -> Stroke:
    return Stroke(corners, (start, end), weight)


def _slanted(*corners: Corner, weight: float = 1.0) -> Stroke:
    return Stroke(corners, ("slant", "slant"), weight)


def _loop(*corners: Corner) -> Stroke:
    return Stroke(corners, None)


def _bezier(p: Corner, q: Corner, r: Corner, s: Corner, steps: int = 12) -> tuple[Corner, ...]:
    points = []
    for t in np.linspace(0, 1, steps + 1):
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x = sum(w * c[0] for w, c in zip(weights, (p, q, r, s), strict=True))
        y = sum(w * c[1] for w, c in zip(weights, (p, q, r, s), strict=True))
        points.append((float(x), float(y)))
    return tuple(points)


def _bowl(x: float, y: float, rx: float, ry: float, steps: int = 28) -> Stroke:
    turns = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return _loop(*((float(x + rx * np.cos(a)), float(y + ry * np.sin(a))) for a in turns))


_ROUND = _loop((0, 0, _R), (1, 0, _R), (1, 1, _R), (0, 1, _R))

_SHAPES: dict[str, tuple[tuple[Stroke, ...], ...]] = {
    # Each character's first drawing is the usual one; the others appear in some typefaces.
    "0": ((_ROUND,),),
    "1": (
        (_line((0.5, 0), (0.5, 1)),),
        (_line((0.66, 0), (0.66, 1)), _line((0.66, 0.0), (0.1, 0.2), start="flat", end="flat")),
        (_line((0.7, 0), (0.7, 1)), _line((0.7, 0.0), (-0.05, 0.24), start="flat", end="flat")),
        (_line((0.7, 0), (0.7, 1)), _line((0.7, 0.0), (0.0, 0.3), start="flat", end="flat")),
        (_line((0.62, 0), (0.62, 1)), _line((0.62, 0.0), (0.15, 0.15), start="flat", end="flat")),
    ),
    "2": (
        (
            _line(
                (-0.04, 0.17), (0, 0, _R), (1, 0, _R), (1, 0.38, 0.1), (0, 0.87, 0.06), (0, 1),
                (1, 1), start="flat",
            ),
        ),
        (
            _line(
                (0, 0.24), (0, 0, 0.16), (1, 0, 0.16), (1, 0.42, 0.16), (0, 1), (1, 1),
                start="flat",
            ),
        ),
    ),
    "3": (
        (
            _line(
                (0, 0), (0.93, 0), (0.42, 0.42), (0.66, 0.41), (1, 0.47, 0.07), (1, 1, 0.12),
                (0.07, 1, 0.12), (0.07, 0.8), end="round",
            ),
        ),
        (
            _line((0, 0.2), (0, 0, _R), (1, 0, _R), (1, 0.46, 0.08), (0.4, 0.46), start="flat"),
            _line((0.4, 0.46), (1, 0.46, 0.08), (1, 1, _R), (0, 1, _R), (0, 0.8), end="flat"),
        ),
    ),
    "4": (
        (
            _line((0.86, 0), (0.86, 1)),
            _line((0.8, -0.09), (0.02, 0.76), start="slant", end="flat", weight=0.9),
            _line((0.05, 0.79), (1.2, 0.79), end="slant"),
        ),
        (
            _line((0.72, 0.42), (0.72, 1), start="flat"),
            _line((0.5, -0.09), (0.0, 0.72), start="slant", end="flat", weight=0.9),
            _line((0.02, 0.74), (1.2, 0.74), end="slant"),
        ),
    ),
    "5": (
        (
            _line((1, 0), (0, 0), (0, 0.46), end="flat"),
            _line(
                (0.0, 0.46), (0.3, 0.385, 0.04), (1, 0.385, 0.11), (1, 1, 0.11), (0, 1, 0.11),
                (-0.05, 0.78), start="flat", end="flat",
            ),
        ),
        (
            _line(
                (1, 0), (0.03, 0), (0.0, 0.42), (1, 0.42, _R), (1, 1, _R), (0, 1, _R), (0, 0.8),
                end="flat",
            ),
        ),
    ),
    "6": (
        (
            _bowl(0.5, 0.765, 0.5, 0.235),
            _line(
                *_bezier((0.93, 0.0), (0.52, 0.17), (0.03, 0.4), (0.0, 0.75)),
                start="round", end="flat",
            ),
        ),
        (
            _line((1, 0.2), (1, 0, _R), (0, 0, _R), (0, 1, _R), (1, 1, _R), (1, 0.43, _R),
                  (0, 0.43), start="flat"),
        ),
    ),
    "7": (
        (_line((0, 0.15), (0, 0), (0.93, 0), (0.13, 1.09), start="flat", end="slant"),),
        (_line((0, 0), (1, 0), (0.3, 1.09), end="slant"),),
    ),
    "8": (
        (
            _loop((0, 0, _R), (1, 0, _R), (1, 0.455, 0.075), (0, 0.455, 0.075)),
            _loop((0, 0.455, 0.075), (1, 0.455, 0.075), (1, 1, _R), (0, 1, _R)),
        ),
        (
            _loop((0.07, 0, _R), (0.93, 0, _R), (0.93, 0.44, _R), (0.07, 0.44, _R)),
            _loop((0, 0.44, _R), (1, 0.44, _R), (1, 1, _R), (0, 1, _R)),
        ),
    ),
    "9": (
        (
            _bowl(0.5, 0.235, 0.5, 0.235),
            _line(
                *_bezier((0.12, 1.0), (0.52, 0.83), (0.97, 0.6), (1.0, 0.25)),
                start="square", end="flat",
            ),
        ),
        (
            _line((0, 0.8), (0, 1, _R), (1, 1, _R), (1, 0, _R), (0, 0, _R), (0, 0.57, _R),
                  (1, 0.57), start="flat"),
        ),
    ),
    "A": (
        (
            _slanted((0.02, 1.0), (0.5, -0.09)),
            _slanted((0.98, 1.0), (0.5, -0.09)),
            _line((0.2, 0.77), (0.8, 0.77), start="flat", end="flat"),
        ),
    ),
    "B": (
        (
            _line((0.14, 0), (0.14, 1)),
            _line((0, 0), (1, 0, 0.035), (1, 0.47, 0.05), (0.14, 0.47), end="flat"),
            _line((0.14, 0.47), (1, 0.47, 0.05), (1, 1, 0.05), (0, 1), start="flat"),
        ),
        (
            _line((0, 0.47), (0, 0), (0.95, 0, 0.08), (0.95, 0.46, 0.08), (0, 0.46)),
            _line((0, 0.46), (1, 0.46, 0.08), (1, 1, _R), (0, 1), (0, 0.46)),
        ),
    ),
    "C": (
        (
            _line(
                (1.05, 0.16), (1, 0, _R), (0, 0, _R), (0, 1, _R), (1, 1, _R), (1.05, 0.84),
                start="flat", end="flat",
            ),
        ),
    ),
    "D": ((_loop((0, 0), (1, 0, 0.13), (1, 1, 0.13), (0, 1)),),),
    "E": ((_line((1, 0), (0, 0), (0, 1), (1, 1)), _line((0, 0.465), (0.68, 0.465))),),
    "F": ((_line((1, 0), (0, 0), (0, 1)), _line((0, 0.445), (0.68, 0.445))),),
    "G": (
        (
            _line(
                (1.05, 0.16), (1, 0, _R), (0, 0, _R), (0, 1, _R), (1, 1, _R), (1, 0.6),
                (0.62, 0.6), start="flat",
            ),
        ),
        (
            _line(
                (1, 0.2), (1, 0, _R), (0, 0, _R), (0, 1, _R), (1, 1, _R), (1, 0.55),
                (0.45, 0.55), start="flat", end="flat",
            ),
        ),
    ),
    "H": ((_line((0, 0), (0, 1)), _line((1, 0), (1, 1)), _line((0, 0.47), (1, 0.47))),),
    "I": (
        (_line((0.5, 0), (0.5, 1)), _line((0, 0), (1, 0)), _line((0, 1), (1, 1))),
        (_line((0.5, 0), (0.5, 1)), _line((0.25, 0), (0.75, 0)), _line((0.25, 1), (0.75, 1))),
    ),
    "J": (
        (
            _line((0.55, 0), (1, 0)),
            _line((0.82, 0), (0.82, 1, 0.1), (0.03, 1, 0.1), (0.03, 0.86), end="round"),
        ),
        (_line((0.9, 0), (0.9, 1, _R), (0, 1, _R), (0, 0.74), end="flat"),),
    ),
    "K": (
        (
            _line((0, 0), (0, 1)),
            _line((1, -0.09), (0.05, 0.6), start="slant", end="flat"),
            _line((0.36, 0.36), (1, 1.09), start="flat", end="slant"),
        ),
    ),
    "L": ((_line((0, 0), (0, 1), (1, 1)),),),
    "M": (
        (
            _line((0, 0), (0, 1)),
            _line((1, 0), (1, 1)),
            _line(
                (0.02, -0.09), (0.46, 0.62), (0.54, 0.62), (0.98, -0.09),
                start="slant", end="slant", weight=0.85,
            ),
        ),
        (
            _line((0, 0), (0, 1)),
            _line((1, 0), (1, 1)),
            _line((0.02, -0.09), (0.5, 0.5), (0.98, -0.09), start="slant", end="slant", weight=0.8),
        ),
    ),
    "N": ((_line((0, 0), (0, 1)), _line((1, 0), (1, 1)), _slanted((0.02, -0.09), (0.98, 1.09))),),
    "O": ((_ROUND,),),
    "P": ((_line((0, 1), (0, 0), (1, 0, _R), (1, 0.53, _R), (0, 0.53)),),),
    "Q": (
        (_ROUND, _line((0.0, 0.5), (1.04, 1.02), start="flat", weight=0.75)),
        (_ROUND, _line((0.42, 0.68), (1.06, 1.03), start="flat", weight=0.8)),
    ),
    "R": (
        (
            _line((0, 1), (0, 0), (1, 0, _R), (1, 0.53, _R), (0, 0.53)),
            _line((0.5, 0.5), (1, 1.09), start="flat", end="slant"),
        ),
    ),
    "S": (
        (
            _line(
                (1.05, 0.19), (1, 0, _R), (0, 0, _R), (0, 0.46, _R), (1, 0.48, _R), (1, 1, _R),
                (0, 1, _R), (-0.1, 0.85), start="flat", end="flat",
            ),
        ),
        (
            _line(
                (1, 0.22), (1, 0, _R), (0, 0, _R), (0, 0.44, _R), (1, 0.54, _R), (1, 1, _R),
                (0, 1, _R), (0, 0.78), start="flat", end="flat",
            ),
        ),
    ),
    "T": ((_line((0, 0), (1, 0)), _line((0.5, 0), (0.5, 1))),),
    "U": ((_line((0, 0), (0, 1, _R), (1, 1, _R), (1, 0)),),),
    "V": ((_slanted((0.02, -0.09), (0.5, 1.09)), _slanted((0.98, -0.09), (0.5, 1.09))),),
    "W": (
        (
            _slanted((0.0, -0.09), (0.17, 1.09), weight=0.85),
            _slanted((1.0, -0.09), (0.83, 1.09), weight=0.85),
            _line((0.2, 1.09), (0.45, 0.3), (0.55, 0.3), (0.8, 1.09),
                  start="slant", end="slant", weight=0.65),
        ),
        (
            _line((0.0, 0), (0.0, 1)),
            _line((1.0, 0), (1.0, 1)),
            _line((0.02, 1.09), (0.5, 0.42), (0.98, 1.09), start="slant", end="slant", weight=0.8),
        ),
    ),
    "X": ((_slanted((0.02, -0.09), (0.98, 1.09)), _slanted((0.98, -0.09), (0.02, 1.09))),),
    "Y": (
        (
            _line((0.02, -0.09), (0.5, 0.52), (0.98, -0.09), start="slant", end="slant"),
            _line((0.5, 0.5), (0.5, 1)),
        ),
    ),
    "Z": ((_line((0, 0), (0.96, 0), (0.04, 1), (1, 1)),),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typeface:
    """One way to draw the characters.

    ``width`` is a character's width and ``weight`` the strokes' width, both in heights of the
    character; ``wobble`` the standard deviation of the corners' shift, in widths of the pen's box;
    ``old`` draws the 1 with a flag, as plates before 2012 do; ``seed`` picks the corners' shifts
    and, where it is not 0, among the characters' other drawings.
    """

    width: float = 0.5
    weight: float = 0.15
    wobble: float = 0.0
    old: bool = False
    seed: int = 0

    def mask(self, char: str, width: int, height: int) -> Image:
        """``height x width`` of ink, 0 (none) to 255; shared between callers, so read-only.

        The drawing is stretched to fill the size; stroke weight refers to ``height``.
        Raises KeyError for a character that is none of :data:`CHARACTERS`.
        """
        return _mask(self, char, width, height)


@lru_cache(maxsize=8192)
def _mask(face: Typeface, char: str, width: int, height: int) -> Image:
    scale = _SUPERSAMPLING
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    shapes = _SHAPES[char]
    rng = np.random.default_rng([face.seed, zlib.crc32(char.encode())])
    choice = int(rng.integers(len(shapes))) if face.seed and rng.random() < 0.5 else 0
    if char == "1":
        flags = 1 + int(rng.integers(len(shapes) - 1)) if face.seed else 1
        choice = flags if face.old else 0
    pen = _Pen(canvas, face.weight * height * scale, face.wobble, rng)
    for stroke in shapes[choice]:
        pen.draw(stroke)
    ink: Image = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    ink.flags.writeable = False
    return ink


Point: TypeAlias = tuple[float, float]


class _Pen:
    """Draws strokes of one width into a picture. In plain numbers: arrays of two are slow."""

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
        """The stroke's corners in pixels, rounded ones replaced by short lines."""
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
        """Corners that share a coordinate share its shift, so that bars stay level."""
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
        """Fills the outer wedge between two segments, up to where their edges meet."""
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
        points = [(round((x - 0.5) * 16), round((y - 0.5) * 16)) for x, y in polygon]
        corners = np.array(points, np.int32)
        cv2.fillConvexPoly(self._canvas, corners, 255, lineType=cv2.LINE_8, shift=4)

    def _disc(self, x: float, y: float) -> None:
        center = round((x - 0.5) * 16), round((y - 0.5) * 16)
        cv2.circle(self._canvas, center, round(self._half * 16), 255, -1, cv2.LINE_8, shift=4)


def _round(before: Point, corner: Point, after: Point, radius: float) -> list[Point]:
    """An arc that replaces a corner, tangent to both its sides, no longer than half of each."""
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
        arc.append(
            (
                x + (p * bx + r * ax) * reach / total,
                y + (p * by + r * ay) * reach / total,
            )
        )
    return arc
