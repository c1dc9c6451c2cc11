"""Effects of light and camera: shade, exposure, blur, noise, compression.

Each effect has a random strength, and returns a new picture of the same size.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth.arrays import as_float, as_image, through_jpeg

_MIN_LIGHT = np.float32(0.3)  # Least factor of light in a shadow
_MIN_GAIN = 0.22  # Least gain of an exposure, so that plates remain legible
_ZERO = np.zeros(4)


def shade(rng: np.random.Generator, width: int, height: int) -> Float32:
    """Return a factor of light per pixel (``H x W``): a gradient, a cast shadow, a highlight."""
    slope = rng.uniform(0.78, 1.2, (2, 2)).astype(np.float32)
    light = as_float(cv2.resize(slope, (width, height)))
    if rng.random() < 0.25:
        light = light * _cast_shadow(rng, width, height)
    if rng.random() < 0.12:
        light = light + _highlight(rng, width, height)
    return as_float(np.maximum(light, _MIN_LIGHT))


def _cast_shadow(rng: np.random.Generator, width: int, height: int) -> Float32:
    shadow = np.ones((height, width), np.float32)
    depth = float(rng.uniform(0.25, 0.8))
    kind = rng.random()
    if kind < 0.6:
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
        center = np.array([width, height]) * (0.5 + offset)
        along = np.array([np.cos(angle), np.sin(angle)]) * (width + height)
        away = np.array([-along[1], along[0]])
        points = np.array([center + along, center - along, center - along + away,
                           center + along + away])  # fmt: skip
        cv2.fillConvexPoly(shadow, points.astype(np.int32), depth)
    else:
        for _ in range(int(rng.integers(1, 4))):
            points = np.array([width, height]) * rng.uniform(-0.2, 1.2, (3, 2))
            cv2.fillPoly(shadow, [points.astype(np.int32)], depth)
    size = int(rng.integers(0, max(height // 8, 2))) * 2 + 1
    return as_float(cv2.blur(shadow, (size, size)))


def _highlight(rng: np.random.Generator, width: int, height: int) -> Float32:
    glare = np.zeros((height // 4 + 1, width // 4 + 1), np.float32)
    center = (int(glare.shape[1] * rng.random()), int(glare.shape[0] * rng.random()))
    radius = max(int(glare.shape[0] * rng.uniform(0.1, 0.4)), 1)
    cv2.circle(glare, center, radius, float(rng.uniform(0.3, 1.2)), -1)
    soft = cv2.blur(glare, (radius * 2 + 1, radius * 2 + 1))
    return as_float(cv2.resize(soft, (width, height)))


def expose(rng: np.random.Generator, picture: Float32, light: Float32) -> Float32:
    """Expose the picture under ``light`` (``H x W`` factors): gain, offset, tint, rarely grey."""
    tint = np.ones(3)
    mood = rng.random()
    if mood < 0.62:
        gain, tint = rng.uniform(0.65, 1.15), 1 + rng.normal(0, 0.04, 3)
    elif mood < 0.74:
        gain = rng.uniform(1.15, 1.7)
    elif mood < 0.90:
        gain, tint = rng.uniform(0.25, 0.6), 1 + rng.normal(0, 0.05, 3)
    else:
        gain = rng.uniform(0.4, 1.0)
        tint = np.array([rng.uniform(0.35, 0.9), rng.uniform(0.75, 1.0), 1.1])
    offset = rng.uniform(-18, 18) if rng.random() < 0.5 else 0.0
    if rng.random() < 0.12:
        gain, offset = gain * rng.uniform(0.4, 0.7), offset + rng.uniform(30, 80)
    gain = max(gain, _MIN_GAIN)
    lit = as_float(cv2.multiply(picture, cv2.merge([light * np.float32(t * gain) for t in tint])))
    if offset:
        lit += np.float32(offset)
    if rng.random() < 0.07:
        return np.repeat(as_float(lit.mean(axis=2, keepdims=True)), 3, axis=2)
    return lit


def photograph(rng: np.random.Generator, scene: Image, blur: float) -> Image:
    """Photograph a scene in random light, with a blur up to ``blur`` pixels, noise, compression."""
    height, width = scene.shape[:2]
    lit = expose(rng, scene.astype(np.float32), shade(rng, width, height))
    return compress(rng, finish(noise(rng, defocus(rng, lit, blur))))


def defocus(rng: np.random.Generator, picture: Float32, scale: float) -> Float32:
    """Blur by the lens, motion or enlarging, up to ``scale`` pixels; or sharpen."""
    height, width = picture.shape[:2]
    kind = rng.random()
    if kind < 0.35:
        return as_float(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, max(scale, 0.4))))
    if kind < 0.5:
        return as_float(cv2.filter2D(picture, -1, _motion(rng, scale * 3)))
    if kind < 0.62:
        factor = rng.uniform(max(0.45, 0.9 / max(scale, 1)), 0.95)
        small = (max(int(width * factor), 2), max(int(height * factor), 2))
        reduced = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        return as_float(cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR))
    if kind < 0.75:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
        return as_float(picture + (picture - soft) * np.float32(rng.uniform(0.4, 1.6)))
    return picture


def blur_at(width: float) -> float:
    """Return the greatest blur, in pixels, at which a plate of this width remains legible."""
    return 0.3 + width / 90


def _motion(rng: np.random.Generator, longest: float) -> Float32:
    length = rng.uniform(1.5, max(longest, 2.0))
    size = int(length) // 2 * 2 + 3
    kernel = np.zeros((size, size), np.float32)
    angle = rng.normal(0, 0.5) if rng.random() < 0.6 else rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    center = size // 2
    start = tuple(round(float(center - c) * 16) for c in reach)
    stop = tuple(round(float(center + c) * 16) for c in reach)
    cv2.line(kernel, start, stop, 1.0, 1, cv2.LINE_8, shift=4)
    return as_float(kernel / max(float(kernel.sum()), 1e-6))


def noise(rng: np.random.Generator, picture: Float32) -> Float32:
    """Add sensor noise, of brightness and of colour."""
    if rng.random() < 0.35:
        return picture
    strength = rng.uniform(0.5, 5) if rng.random() < 0.88 else rng.uniform(5, 13)
    height, width = picture.shape[:2]
    grain = cv2.merge([_grain(rng, height, width)] * 3)
    if rng.random() < 0.4:
        half = (height // 2 + 1, width // 2 + 1)
        colour = cv2.merge([_grain(rng, *half) for _ in range(3)])
        grain = cv2.add(grain, cv2.resize(colour, (width, height)))
    return as_float(cv2.scaleAdd(grain, strength, picture))


def _grain(rng: np.random.Generator, height: int, width: int) -> Float32:
    """Normal noise: a random part of a cached sheet, since drawing new noise would be a crop's most
    expensive step."""
    sheet = _noise_sheet()
    if height > sheet.shape[0] or width > sheet.shape[1]:
        return rng.standard_normal((height, width), np.float32)
    y = int(rng.integers(sheet.shape[0] - height + 1))
    x = int(rng.integers(sheet.shape[1] - width + 1))
    return sheet[y : y + height, x : x + width]


@lru_cache(maxsize=1)
def _noise_sheet() -> Float32:
    return np.random.default_rng(0).standard_normal((1024, 1024), np.float32)


def finish(picture: Float32) -> Image:
    """Convert to 8 bits: rounded, and clipped to 0..255."""
    return as_image(cv2.add(picture, _ZERO, dtype=cv2.CV_8U))


def compress(rng: np.random.Generator, picture: Image) -> Image:
    """Compress as JPEG, in two of three cases."""
    if rng.random() < 0.35:
        return picture
    quality = int(rng.integers(18, 60) if rng.random() < 0.3 else rng.integers(60, 97))
    return through_jpeg(picture, quality)
