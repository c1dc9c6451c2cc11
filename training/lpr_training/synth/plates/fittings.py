"""A plate's fittings: bolts, slots, stickers, captions, holders. All are drawn in place."""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Image


def bolts(rng: np.random.Generator, plate: Image, old: bool) -> None:
    """Two slots with bolts at the top; ``old`` plates often have slots at the bottom too."""
    height, width = plate.shape[:2]
    y = height * rng.uniform(0.10, 0.17)
    spread = rng.uniform(0.20, 0.30)
    slots = rng.random() < 0.8
    bolted = rng.random() < 0.85
    radius = width * rng.uniform(0.014, 0.026)
    metal = _metal(rng)
    for side in (-1, 1):
        x = width * (0.5 + side * spread) + rng.normal(0, width * 0.006)
        if slots:
            _slot(plate, x, y, width * 0.05, height * 0.028)
        if bolted:
            bx = x + rng.uniform(-0.6, 0.6) * width * 0.025
            if rng.random() < 0.15:
                _rust(rng, plate, bx, y, radius)
            _bolt(plate, bx, y, radius, metal)
    if old and rng.random() < 0.5:
        for side in (-1, 1):
            _slot(plate, width * (0.5 + side * 0.27), height * 0.93, width * 0.04, height * 0.024)


def flowers(rng: np.random.Generator, plate: Image) -> None:
    """The three faint blossoms along the lower edge of Taiwan's plates since 2012."""
    height, width = plate.shape[:2]
    strength = int(rng.integers(6, 40))
    tint = plate[int(height * 0.9), width // 2].astype(int)
    colour = tuple(np.maximum(tint - strength * np.array([0.6, 0.9, 1.0]), 0).astype(int).tolist())
    for x in (0.18, 0.5, 0.82):
        _disc(plate, width * x, height * 0.89, width * 0.017, colour)


def caption(rng: np.random.Generator, plate: Image, ink: tuple[int, int, int], wide: bool) -> None:
    """Three small Chinese characters above the text, too small to be legible."""
    height, width = plate.shape[:2]
    size = height * rng.uniform(0.13, 0.17)
    step = size * (rng.uniform(1.25, 1.9) if wide else 1.1)
    top = height * rng.uniform(0.045, 0.07)
    for i in (-1, 0, 1):
        _ideograph(rng, plate, width / 2 + i * step - size / 2, top, size, ink)


def band(rng: np.random.Generator, plate: Image, colour: tuple[int, int, int]) -> None:
    """A coloured strip along the upper edge with a country's name, too small to be legible."""
    height, width = plate.shape[:2]
    bottom = round(height * rng.uniform(0.2, 0.25))
    cv2.rectangle(plate, (0, 0), (width, bottom), colour, -1)
    size = bottom * 0.5
    for i in range(-3, 3):
        _ideograph(rng, plate, width / 2 + i * size, bottom * 0.25, size * 0.8, (240, 240, 240))


def sticker(rng: np.random.Generator, plate: Image) -> None:
    """An inspection sticker near an upper corner, or a dealer's strip along the lower edge."""
    height, width = plate.shape[:2]
    colour = tuple(int(c) for c in rng.integers(30, 250, 3))
    kind = rng.random()
    if kind < 0.35:
        radius = height * rng.uniform(0.07, 0.11)
        _disc(plate, width * rng.choice([0.08, 0.92, 0.5]), height * 0.13, radius, colour)
        return
    if kind < 0.7:
        w, h = width * rng.uniform(0.10, 0.2), height * rng.uniform(0.09, 0.17)
        x, y = rng.choice([0.02, 0.42, 0.83]) * width, rng.uniform(0.01, 0.06) * height
    else:
        w, h = width * rng.uniform(0.35, 0.75), height * rng.uniform(0.07, 0.12)
        x, y = rng.uniform(0.05, 0.25) * width, height * rng.uniform(0.88, 0.92)
    x0, y0, x1, y1 = int(x), int(y), int(min(x + w, width)), int(min(y + h, height))
    if rng.random() < 0.75:
        cv2.rectangle(plate, (x0, y0), (x1, y1), colour, -1)
    writing = tuple(int(c) for c in rng.integers(0, 256, 3))
    size = (y1 - y0) * 0.7
    for i in range(int((x1 - x0) / max(size * 1.15, 1)) - 1):
        _ideograph(rng, plate, x0 + size * (0.3 + 1.15 * i), y0 + size * 0.2, size, writing)


def frame(rng: np.random.Generator, plate: Image) -> None:
    """A plate holder, which covers the edge."""
    height, width = plate.shape[:2]
    thick = int(width * rng.uniform(0.01, 0.028))
    level = int(rng.choice([12, 25, 60, 160, 215]))
    colour = tuple(int(c) for c in np.clip(level + rng.normal(0, 12, 3), 0, 255))
    cv2.rectangle(plate, (0, 0), (width - 1, height - 1), colour, thick * 2)


def _metal(rng: np.random.Generator) -> tuple[int, int, int]:
    level = rng.uniform(30, 190)
    rust = rng.uniform(0, 50) if rng.random() < 0.3 else 0
    return int(max(level - rust, 0)), int(max(level - rust / 2, 0)), int(level)


def _slot(plate: Image, x: float, y: float, width: float, height: float) -> None:
    start, stop = (int(x - width / 2), int(y)), (int(x + width / 2), int(y))
    cv2.line(plate, start, stop, (38, 38, 40), max(int(height * 2), 2), cv2.LINE_AA)


def _bolt(plate: Image, x: float, y: float, radius: float, metal: tuple[int, int, int]) -> None:
    dark = tuple(int(c * 0.45) for c in metal)
    bright = tuple(min(int(c * 1.35) + 15, 255) for c in metal)
    _disc(plate, x + radius * 0.15, y + radius * 0.2, radius * 1.12, dark)
    _disc(plate, x, y, radius, metal)
    _disc(plate, x - radius * 0.2, y - radius * 0.25, radius * 0.5, bright)


def _rust(rng: np.random.Generator, plate: Image, x: float, y: float, radius: float) -> None:
    length = plate.shape[0] * rng.uniform(0.15, 0.5)
    x0, x1 = max(int(x - radius), 0), int(x + radius)
    y0, y1 = int(y), int(y + length)
    patch = plate[y0:y1, x0:x1]
    fade = np.linspace(rng.uniform(0.4, 0.8), 0, patch.shape[0], dtype=np.float32)[:, None, None]
    colour = np.array([50, 90, 150], np.float32)
    patch[:] = (patch * (1 - fade) + colour * fade).astype(np.uint8)


def _disc(plate: Image, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
    center = (round(x * 16), round(y * 16))
    cv2.circle(plate, center, max(round(radius * 16), 8), colour, -1, cv2.LINE_AA, shift=4)


def _ideograph(
    rng: np.random.Generator, plate: Image, x: float, y: float, size: float, ink: tuple[int, ...]
) -> None:
    """A random invented character, if it fits on the plate."""
    side = max(round(size), 2)
    x0, y0 = round(x), round(y)
    part = plate[y0 : y0 + side, x0 : x0 + side]
    if x0 < 0 or y0 < 0 or part.shape[:2] != (side, side):
        return
    drawn = _IDEOGRAPHS[int(rng.integers(len(_IDEOGRAPHS)))]
    share = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA)[:, :, None]
    part[:] = part + (np.array(ink, np.float32) - part) * (share * np.float32(1 / 255))


def _draw_ideograph(seed: int) -> Image:
    """An invented character: a few horizontal and a few vertical strokes, 32 x 32."""
    rng = np.random.default_rng(seed)
    size = 32
    mask = np.zeros((size, size), np.uint8)
    for upright, most, short, lean in ((False, 5, 0.3, 0.03), (True, 4, 0.4, 0.08)):
        for place in rng.uniform(0.05, 0.95, int(rng.integers(2, most))):
            ends = rng.uniform(0.0, short), rng.uniform(1 - short, 1.0)
            start = (int(size * ends[0]), int(size * place))
            stop = (int(size * ends[1]), int(size * (place + rng.normal(0, lean))))
            if upright:
                start, stop = start[::-1], stop[::-1]
            cv2.line(mask, start, stop, 255, 4, cv2.LINE_AA)
    return mask


_IDEOGRAPHS = tuple(_draw_ideograph(seed) for seed in range(64))
