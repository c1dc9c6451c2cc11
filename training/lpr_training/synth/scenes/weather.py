"""Effects of night, weather and video: infrared light, rain, lossy coding.

Each effect has a random strength, and returns a new picture of the same size.
"""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth.arrays import as_float, as_image, through_jpeg


def infrared(rng: np.random.Generator, scene: Float32, cover: Image) -> Float32:
    """A night camera with an infrared lamp: grey, bright where the plate (``cover``, 0..255) is
    retroreflective, else nearly black. Red ink reflects infrared light, so it fades."""
    red = rng.uniform(0.15, 0.45)
    weights = np.array([(1 - red) * 0.3, (1 - red) * 0.7, red], np.float32)
    grey = as_float(cv2.transform(scene, weights[None]))
    plate = cover.astype(np.float32) * np.float32(1 / 255)
    around, lit = rng.uniform(0.08, 0.4), rng.uniform(0.75, 1.15)
    factor = np.float32(around) + plate * np.float32(lit - around)
    height, width = grey.shape
    x = np.linspace(-1, 1, width, dtype=np.float32)[None] - np.float32(rng.uniform(-0.6, 0.6))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - np.float32(rng.uniform(-0.6, 0.6))
    spot = 1 - np.float32(rng.uniform(0.1, 0.35)) * (x * x + y * y)
    return as_float(cv2.merge([grey * factor * np.maximum(spot, np.float32(0.2))] * 3))


def rain(rng: np.random.Generator, scene: Float32) -> Float32:
    """Rain: streaks of falling drops, and drops on the lens that blur the picture."""
    height, width = scene.shape[:2]
    wet = scene.copy()
    slope = rng.normal(0, 0.25)
    veil = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(4, 30))):
        x, y = rng.uniform(0, width), rng.uniform(-0.2, 1) * height
        length = height * rng.uniform(0.08, 0.4)
        start, stop = (int(x), int(y)), (int(x + slope * length), int(y + length))
        cv2.line(veil, start, stop, float(rng.uniform(0.1, 0.45)), 1, cv2.LINE_AA)
    bright = np.float32(rng.uniform(120, 230))
    wet += (bright - wet) * veil[:, :, None]
    if rng.random() < 0.5:
        soft = cv2.blur(wet, (max(width // 20, 1) * 2 + 1, max(height // 20, 1) * 2 + 1))
        lens = np.zeros((height, width), np.float32)
        for _ in range(int(rng.integers(1, 5))):
            center = int(rng.uniform(0, width)), int(rng.uniform(0, height))
            radius = max(int(height * rng.uniform(0.03, 0.12)), 1)
            cv2.circle(lens, center, radius, float(rng.uniform(0.4, 0.9)), -1, cv2.LINE_AA)
        wet += (soft - wet) * lens[:, :, None]
    return as_float(wet)


def video_coding(rng: np.random.Generator, picture: Image) -> Image:
    """A video codec's artefacts on a moving plate: coarse blocks with smoothed edges, subsampled
    colours, a trace of the previous frame."""
    height, width = picture.shape[:2]
    moved = picture
    if rng.random() < 0.5:
        dx, dy = rng.normal(0, width * 0.012), rng.normal(0, height * 0.012)
        shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        before = cv2.warpAffine(picture, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
        share = rng.uniform(0.1, 0.3)
        moved = as_image(cv2.addWeighted(picture, 1 - share, before, share, 0))
    coarse = through_jpeg(moved, int(rng.integers(14, 45)))
    edges = np.zeros((height, width), np.uint8)
    edges[::8] = edges[7::8] = 1
    edges[:, ::8] = edges[:, 7::8] = 1
    return np.where(edges[:, :, None] > 0, as_image(cv2.blur(coarse, (3, 3))), coarse)
