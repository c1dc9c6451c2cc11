"""Renders streets without vehicles: sky, houses, road, and objects that resemble plates."""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Image
from lpr_training.synth.glyphs.lettering import draw_letters
from lpr_training.synth.scenes.backgrounds import grille, paint
from lpr_training.synth.scenes.painter import Painter, shade


def render_street(
    rng: np.random.Generator, width: int, height: int, horizon: float | None = None
) -> tuple[Image, float]:
    """Render a street (BGR); return it and its horizon, in pixels from the top.

    ``horizon`` is in heights of the picture, or random.
    """
    horizon = (rng.uniform(0.22, 0.48) if horizon is None else horizon) * height / width
    brush = Painter(width, height)
    blue = rng.uniform(0, 70)
    sky = np.array([185 + blue, 185 + blue * 0.3, 185 - blue * 0.4], np.float32)
    sky = shade(sky, rng.uniform(0.5, 1.15))
    brush.polygon([(0, 0), (1, 0), (1, horizon + 0.01), (0, horizon + 0.01)], sky, shade(sky, 1.15))
    _houses(rng, brush, horizon)
    _road(rng, brush, horizon, height / width)
    for _ in range(int(rng.integers(0, 6))):
        _sign(rng, brush, horizon)
    for _ in range(int(rng.integers(0, 4))):
        _clutter(rng, brush, horizon, height / width)
    picture = brush.image
    grain = rng.normal(0, rng.uniform(2, 9), (height // 2 + 1, width // 2 + 1)).astype(np.float32)
    rough = cv2.resize(grain, (width, height))[:, :, None]
    return np.clip(picture + rough, 0, 255).astype(np.uint8), horizon * width


def _houses(rng: np.random.Generator, brush: Painter, horizon: float) -> None:
    x = -0.1
    while x < 1.0:
        wide, tall = rng.uniform(0.08, 0.3), horizon * rng.uniform(0.3, 1.1)
        wall = shade(np.asarray(rng.uniform(60, 190) + rng.normal(0, 14, 3), np.float32), 1.0)
        brush.rectangle(x + wide / 2, horizon - tall / 2, wide, tall, wall, shade(wall, 0.8))
        columns, rows = int(rng.integers(2, 7)), int(rng.integers(2, 6))
        glass = shade(wall, rng.uniform(0.35, 0.7))
        for i in range(columns):
            for j in range(rows):
                px = x + wide * (i + 0.5) / columns
                py = horizon - tall * (j + 0.6) / rows
                brush.rectangle(px, py, wide / columns * 0.6, tall / rows * 0.5, glass)
        if rng.random() < 0.5:
            awning = paint(rng)
            brush.rectangle(x + wide / 2, horizon - 0.02, wide, 0.04, awning, shade(awning, 0.7))
        x += wide * rng.uniform(0.8, 1.3)


def _road(rng: np.random.Generator, brush: Painter, horizon: float, bottom: float) -> None:
    tarmac = np.asarray(rng.uniform(55, 125) + rng.normal(0, 4, 3), np.float32)
    brush.polygon([(0, horizon), (1, horizon), (1, bottom), (0, bottom)], shade(tarmac, 1.15),
                  shade(tarmac, 0.85))  # fmt: skip
    vanish = rng.uniform(0.2, 0.8)
    pavement = shade(tarmac, rng.uniform(1.1, 1.6))
    for side in (-1, 1):
        edge = 0.5 + side * rng.uniform(0.5, 1.0)
        kerb = [(vanish + side * 0.02, horizon), (vanish + side * 0.4, horizon),
                (edge + side, bottom), (edge, bottom)]  # fmt: skip
        brush.polygon(kerb, pavement, shade(pavement, 0.9))
    line = np.array([225, 228, 228] if rng.random() < 0.6 else [60, 190, 225], np.float32)
    for place in rng.uniform(-0.3, 1.3, int(rng.integers(1, 4))):
        thick = rng.uniform(0.005, 0.018)
        for start, stop in ((0.1, 0.22), (0.35, 0.55), (0.75, 1.0)):
            ends = []
            for t, side in ((start, -1), (start, 1), (stop, 1), (stop, -1)):
                x = vanish + (place - vanish) * t + side * thick * t
                ends.append((float(x), float(horizon + (bottom - horizon) * t)))
            brush.polygon(ends, shade(line, rng.uniform(0.7, 1)))


def _sign(rng: np.random.Generator, brush: Painter, horizon: float) -> None:
    """A lettered board on a wall or a pole: similar to a plate, but with at least two lines."""
    wide = rng.uniform(0.04, 0.2)
    tall = wide * rng.uniform(0.2, 1.6)
    x, y = rng.uniform(0, 1), rng.uniform(0.1, 1.1) * horizon
    board, ink = paint(rng), paint(rng)
    if abs(float(board.mean() - ink.mean())) < 60:
        ink = 255 - board
    if rng.random() < 0.4:
        brush.line([(x, y), (x, horizon + 0.1)], shade(board, 0.4), 0.006)
    brush.rectangle(x, y, wide, tall, board, shade(board, 0.85), rng.uniform(0, 0.02))
    rows = max(int(tall / wide * 4), 2)
    for row in range(rows):
        size = tall / rows * 0.6
        count = max(int(wide / (size * 0.75)) - 1, 1)
        top = y - tall / 2 + (row + 0.2) * tall / rows
        draw_letters(rng, brush.image, x, top, size, count, ink)


def _clutter(rng: np.random.Generator, brush: Painter, horizon: float, bottom: float) -> None:
    """Boxes, grates and blank boards on the ground."""
    wide = rng.uniform(0.03, 0.15)
    tall = wide * rng.uniform(0.3, 1.2)
    x, y = rng.uniform(0, 1), rng.uniform(horizon, bottom)
    colour = paint(rng)
    if rng.random() < 0.4:
        height, width = brush.mask.shape
        x0, x1 = (int(np.clip((x + s * wide / 2) * width, 0, width - 1)) for s in (-1, 1))
        y0, y1 = (int(np.clip((y + s * tall / 2) * width, 0, height - 1)) for s in (-1, 1))
        if y1 - y0 > 4:
            grille(rng, brush.image, x0, y0, x1, y1)
        return
    brush.rectangle(x, y, wide, tall, colour, shade(colour, 0.7), rng.uniform(0, 0.02))
