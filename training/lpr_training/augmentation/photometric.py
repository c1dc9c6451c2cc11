"""Photometric augmentation: light, colour, shadow, blur, noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Image
from lpr_training.synth.arrays import as_image, through_jpeg


@dataclass(frozen=True, slots=True)
class Photometry:
    """Odds (0..1) of each photometric change."""

    light: float = 0.8  # Gamma, contrast and brightness
    colour: float = 0.5  # Saturation, hue and colour cast
    grey: float = 0.1
    shadow: float = 0.15
    blur: float = 0.2
    coarse: float = 0.15  # A lower resolution
    noise: float = 0.25
    jpeg: float = 0.35  # Compression, at a quality of 15 to 89


def photometric(image: Image, rng: np.random.Generator, odds: Photometry) -> Image:
    """Return ``image`` (BGR) with random changes, in the order of :class:`Photometry`."""
    for share, change in (
        (odds.light, _light), (odds.colour, _colour), (odds.grey, _grey), (odds.shadow, _shadow),
        (odds.blur, _blur), (odds.coarse, _coarse), (odds.noise, _noise), (odds.jpeg, _compress),
    ):  # fmt: skip
        if rng.random() < share:
            image = change(image, rng)
    return image


def _light(image: Image, rng: np.random.Generator) -> Image:
    """Change gamma, contrast and brightness in one table; one picture in ten is of the night."""
    value = np.linspace(0, 1, 256)
    value = value ** np.exp(rng.normal(0, 0.35))
    value = (value - 0.5) * np.exp(rng.normal(0, 0.3)) + 0.5 + rng.normal(0, 0.12)
    if rng.random() < 0.1:
        value = value * rng.uniform(0.2, 0.6)
    return as_image(cv2.LUT(image, np.clip(value * 255, 0, 255).astype(np.uint8)))


def _colour(image: Image, rng: np.random.Generator) -> Image:
    """Change saturation and hue, and add a cast as of a lamp or a wrong white balance."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    index = np.arange(256)
    hue = ((index + int(rng.normal(0, 10))) % 180).astype(np.uint8)
    saturation = np.clip(index * np.exp(rng.normal(0, 0.5)), 0, 255).astype(np.uint8)
    table = np.stack([hue, saturation, index.astype(np.uint8)], axis=-1)[None]
    image = as_image(cv2.cvtColor(cv2.LUT(hsv, table), cv2.COLOR_HSV2BGR))
    if rng.random() < 0.5:
        gain = np.exp(rng.normal(0, 0.15, 3))
        cast = np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8)
        image = as_image(cv2.LUT(image, cast[None]))
    return image


def _grey(image: Image, _: np.random.Generator) -> Image:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return as_image(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))


def _compress(image: Image, rng: np.random.Generator) -> Image:
    return through_jpeg(image, int(rng.integers(15, 90)))


def _shadow(image: Image, rng: np.random.Generator) -> Image:
    """Add a straight-edged shadow, or a bright area."""
    height, width = image.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    edge = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.35, 0.35)
    mask = np.clip(edge / rng.uniform(0.005, 0.15) + 0.5, 0, 1)
    gain = rng.uniform(0.3, 0.8) if rng.random() < 0.8 else rng.uniform(1.2, 1.7)
    factor = (1 + mask * (gain - 1)).astype(np.float32)
    return np.asarray(np.clip(image * factor[..., None], 0, 255), np.uint8)


def _blur(image: Image, rng: np.random.Generator) -> Image:
    if rng.random() < 0.5:
        return as_image(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.8)))
    length = int(rng.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    centre = (length - 1) / 2
    along = np.array([np.cos(angle := rng.uniform(0, np.pi)), np.sin(angle)]) * centre
    start, end = centre - along, centre + along
    cv2.line(kernel, np.rint(start).astype(int).tolist(), np.rint(end).astype(int).tolist(), 1.0)
    smear = kernel / kernel.sum()
    return as_image(cv2.filter2D(image, -1, smear, borderType=cv2.BORDER_REPLICATE))


def _coarse(image: Image, rng: np.random.Generator) -> Image:
    """Reduce the resolution and enlarge again."""
    height, width = image.shape[:2]
    factor = rng.uniform(0.35, 0.9)
    small = (max(int(width * factor), 1), max(int(height * factor), 1))
    shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(3)]
    return as_image(cv2.resize(shrunk, (width, height), interpolation=way))


def _noise(image: Image, rng: np.random.Generator) -> Image:
    """Add Gaussian noise, of half the height and repeated to save time; half of the time the same
    in all channels."""
    height, width = image.shape[:2]
    channels = 3 if rng.random() < 0.5 else 1
    noise = rng.standard_normal((-(-height // 2), width, channels), np.float32)
    noise = np.tile(noise * rng.uniform(2, 18), (2, 1, 1))[:height]
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)
