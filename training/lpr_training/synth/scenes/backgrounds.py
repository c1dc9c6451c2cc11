"""Backgrounds of crops: bodywork with parts, edges and grilles."""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth.arrays import as_float, as_image


def bodywork(rng: np.random.Generator, width: int, height: int) -> Image:
    """Return a patch of a vehicle: a paint gradient with a few parts and edges."""
    picture = gradient(rng, width, height, paint(rng))
    for _ in range(int(rng.integers(0, 7))):
        _part(rng, picture)
    if rng.random() < 0.15:
        grille(rng, picture, 0, 0, width, height)
    if rng.random() < 0.5:
        picture = as_image(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 3)))
    return picture


def paint(rng: np.random.Generator) -> Float32:
    """Return a colour of bodywork or plastic (BGR, 0..255), mostly dark, grey or white."""
    if rng.random() < 0.85:
        level = rng.choice([18.0, 35.0, 60.0, 110.0, 165.0, 215.0])
        colour = level + rng.normal(0, 10) + rng.normal(0, 6, 3)
    else:
        colour = rng.uniform(15, 220, 3)
    return as_float(np.clip(colour, 4, 250))


def gradient(rng: np.random.Generator, width: int, height: int, colour: Float32) -> Image:
    """Return a colour gradient with slight texture."""
    corners = (colour * rng.uniform(0.55, 1.35, (2, 2, 1))).astype(np.float32)
    small = (width // 5 + 2, height // 5 + 2)
    coarse = as_float(cv2.resize(corners, small))
    grain = rng.standard_normal((small[1], small[0], 1), np.float32) * rng.uniform(0, 8)
    mixed = np.clip(coarse + grain, 0, 255).astype(np.uint8)
    return as_image(cv2.resize(mixed, (width, height)))


def grille(rng: np.random.Generator, picture: Image, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draw bars across a rectangle of the picture; in place."""
    step = max(int((y1 - y0) * rng.uniform(0.05, 0.14)), 2)
    dark, light = int(rng.integers(5, 40)), int(rng.integers(40, 150))
    cv2.rectangle(picture, (x0, y0), (x1, y1), (dark, dark, dark), -1)
    for y in range(y0, y1, step):
        cv2.line(picture, (x0, y), (x1, y), (light, light, light), max(step // 3, 1))
    if rng.random() < 0.4:
        for x in range(x0, x1, step * 2):
            cv2.line(picture, (x, y0), (x, y1), (light, light, light), max(step // 3, 1))


def _part(rng: np.random.Generator, picture: Image) -> None:
    height, width = picture.shape[:2]
    lamp = rng.random() < 0.15
    level = rng.uniform(5, 235)
    red = (0, 0, 120), (60, 70, 230)
    tint = rng.uniform(*red) if lamp else np.clip(level + rng.normal(0, 12, 3), 0, 255)
    colour = tuple(float(part) for part in tint)
    x, y = rng.uniform(-0.2, 1.2) * width, rng.uniform(-0.2, 1.2) * height
    kind = int(rng.integers(4))
    if kind == 0:
        a, b = rng.uniform(-0.5, 1.5, 2) * height
        thick = max(int(height * rng.uniform(0.01, 0.12)), 1)
        cv2.line(picture, (-2, int(a)), (width + 2, int(b)), colour, thick, cv2.LINE_AA)
    elif kind == 1:
        axes = (int(width * rng.uniform(0.03, 0.35)), int(height * rng.uniform(0.05, 0.4)))
        angle = rng.uniform(0, 180)
        cv2.ellipse(picture, (int(x), int(y)), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
    elif kind == 2:
        spread = np.array([width, height]) * rng.uniform(0.1, 0.6)
        points = np.array([x, y]) + rng.normal(0, 1, (4, 2)) * spread
        cv2.fillConvexPoly(picture, cv2.convexHull(points.astype(np.int32)), colour, cv2.LINE_AA)
    else:
        thick = max(int(width * rng.uniform(0.005, 0.08)), 1)
        stop = (int(x + rng.normal(0, width)), int(y + rng.normal(0, height)))
        cv2.line(picture, (int(x), int(y)), stop, colour, thick, cv2.LINE_AA)
