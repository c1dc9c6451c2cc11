"""Draws shapes with gradients on a transparent canvas, for vehicles and streets."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

from lpr.types import Float32, Image
from lpr_training.synth.arrays import as_float

Paint = Float32
"""A colour, BGR, 0..255."""


def shade(colour: Paint, factor: float) -> Paint:
    """Return a lighter (factor above 1) or darker colour."""
    return as_float(np.clip(colour * factor, 0, 255))


class Painter:
    """A canvas with a mask. All lengths are in widths of the canvas, from its top left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.image: Image = np.zeros((height, width, 3), np.uint8)
        self.mask: Image = np.zeros((height, width), np.uint8)
        self._unit = width

    def polygon(self, points: ArrayLike, top: Paint, bottom: Paint | None = None) -> None:
        """Fill a polygon with a gradient from ``top`` to ``bottom``."""
        corners = np.asarray(points, np.float32) * self._unit
        height, width = self.mask.shape
        x0, y0 = (int(v) for v in np.floor(np.maximum(corners.min(axis=0), 0)))
        x1, y1 = (int(v) for v in np.ceil(np.minimum(corners.max(axis=0) + 1, (width, height))))
        if x0 >= x1 or y0 >= y1:
            return
        shape = np.zeros((y1 - y0, x1 - x0), np.uint8)
        local = np.rint((corners - (x0, y0) - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(shape, [local], 255, cv2.LINE_AA, shift=4)
        last = top if bottom is None else bottom
        ramp = np.linspace(top, last, y1 - y0, dtype=np.float32)[:, None, :]
        share = shape[:, :, None] * np.float32(1 / 255)
        part = self.image[y0:y1, x0:x1]
        part[:] = np.rint(part + (ramp - part) * share)
        cover = self.mask[y0:y1, x0:x1]
        cover[:] = cv2.max(cover, shape)

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        top: Paint,
        bottom: Paint | None = None,
        radius: float = 0.0,
    ) -> None:
        """Fill a rectangle centred at ``(x, y)``, with round corners."""
        radius = min(radius, width / 2, height / 2)
        angles = np.linspace(0, np.pi / 2, 6) if radius > 0 else np.zeros(1)
        arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
        inner = np.array([width / 2 - radius, height / 2 - radius])
        first = inner + arc
        mirrored = first[::-1] * np.array([-1, 1])
        outline = np.vstack([first, mirrored, -first, -mirrored]) + np.array([x, y])
        self.polygon(outline, top, bottom)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, top: Paint, bottom: Paint | None = None
    ) -> None:
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        self.polygon([(x + rx * np.cos(a), y + ry * np.sin(a)) for a in angles], top, bottom)

    def line(self, points: ArrayLike, colour: Paint, thickness: float) -> None:
        path = np.rint(np.asarray(points) * self._unit * 16).astype(np.int32)
        thick = max(round(thickness * self._unit), 1)
        value = tuple(float(c) for c in colour)
        cv2.polylines(self.image, [path], False, value, thick, cv2.LINE_AA, shift=4)
        cv2.polylines(self.mask, [path], False, 255, thick, cv2.LINE_AA, shift=4)
