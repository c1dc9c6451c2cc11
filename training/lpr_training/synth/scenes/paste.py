"""Pastes rendered plates into photographs, matched to the light and the sharpness around them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from lpr.types import Box, Float32, Image, Quad
from lpr_training.synth.arrays import as_float
from lpr_training.synth.geometry import as_quad, bounds, lay_onto, random_view
from lpr_training.synth.plates.origin import TAIWANESE, Origin
from lpr_training.synth.plates.render import PlatePicture
from lpr_training.synth.scenes import camera
from lpr_training.synth.scenes.scene import MIN_WIDTH, PlacedPlate, render_width

_ATTEMPTS = 12  # Random places that are tried before a plate may overlap the boxes to avoid


def paste_plate(
    rng: np.random.Generator,
    picture: Image,
    place: Quad | None = None,
    avoid: Sequence[Box] = (),
    origin: Origin = TAIWANESE,
) -> tuple[Image, PlacedPlate]:
    """Return a copy of ``picture`` with a rendered plate in it, matched to the light around it.

    With a ``place`` (a labelled plate's ``box.quad``), the new plate replaces the one there, with
    the same bounding box. Otherwise it is put at a random place, 16 pixels to a third of the
    picture wide, clear of the boxes to ``avoid`` if possible.
    """
    height, width = picture.shape[:2]
    if place is None:
        aspect = origin.aspect(rng)
        corners = _random_corners(rng, width, height, aspect, avoid)
        levels = _guess_levels(rng, picture, bounds(corners))
        canvas = picture
    else:
        frame = bounds(np.asarray(place, np.float32))
        levels = _levels(picture, frame)
        canvas = _inpaint(picture, frame)
        corners = _random_view_in(rng, frame)
        aspect = max(frame.width / frame.height, 1.2)
    plate = origin.plate(rng, render_width(corners), aspect)
    sheet = _match(rng, plate, levels)
    pasted = _blend(rng, canvas, sheet, plate.mask, corners)
    return pasted, PlacedPlate(bounds(corners), as_quad(corners), plate.text)


def _random_corners(
    rng: np.random.Generator, width: int, height: int, aspect: float, avoid: Sequence[Box]
) -> Float32:
    for _ in range(_ATTEMPTS):
        wide = float(np.exp(rng.uniform(np.log(MIN_WIDTH * 1.1), np.log(max(width / 3, 20)))))
        view = random_view(rng, aspect) * np.float32(wide)
        reach = np.abs(view).max(axis=0)
        space = np.maximum(np.array([width, height]) - 2 * reach, 0)
        corners = as_float(view + reach + rng.random(2) * space)
        if not any(bounds(corners).iou(box) > 0 for box in avoid):
            break
    return corners


def _random_view_in(rng: np.random.Generator, frame: Box) -> Float32:
    """A random view whose bounding box is ``frame``."""
    view = random_view(rng, 2.2, rotation=6, tilt=30)
    low, high = view.min(axis=0), view.max(axis=0)
    size = np.array([frame.width, frame.height])
    return as_float((view - low) / (high - low) * size + np.array([frame.x0, frame.y0]))


def _levels(picture: Image, frame: Box) -> tuple[Float32, Float32]:
    """The dark and the light colour (BGR) of what a frame shows: the 8th and 88th percentile."""
    x0, y0 = int(max(frame.x0, 0)), int(max(frame.y0, 0))
    part = picture[y0 : int(frame.y1) + 1, x0 : int(frame.x1) + 1].reshape(-1, 3)
    dark, light = np.percentile(part, [8, 88], axis=0)
    return dark.astype(np.float32), np.maximum(light, dark + 12).astype(np.float32)


def _guess_levels(rng: np.random.Generator, picture: Image, frame: Box) -> tuple[Float32, Float32]:
    dark, light = _levels(picture, frame)
    grey = float((dark.mean() + light.mean()) / 2)
    white = np.clip(grey * rng.uniform(1.2, 2.2) + 25, 50, 252)
    black = white * rng.uniform(0.08, 0.35)
    tint = 1 + rng.normal(0, 0.03, 3)
    return (black * tint).astype(np.float32), np.minimum(white * tint, 255).astype(np.float32)


def _match(rng: np.random.Generator, plate: PlatePicture, levels: tuple[Float32, Float32]) -> Image:
    """The plate with its black and white mapped to ``levels``, in slightly uneven light."""
    dark, light = levels
    slope = rng.uniform(0.85, 1.12, (2, 2)).astype(np.float32)
    uneven = cv2.resize(slope, (plate.image.shape[1], plate.image.shape[0]))[:, :, None]
    spread = (light - dark) / np.float32(238 - 25)
    return camera.finish((dark + (plate.image.astype(np.float32) - 25) * spread) * uneven)


def _inpaint(picture: Image, frame: Box) -> Image:
    """The picture with the frame filled by a blend of the pixels along its sides."""
    height, width = picture.shape[:2]
    x0, y0 = int(np.clip(frame.x0 - 1, 0, width - 2)), int(np.clip(frame.y0 - 1, 0, height - 2))
    x1 = int(np.clip(np.ceil(frame.x1) + 1, x0 + 2, width))
    y1 = int(np.clip(np.ceil(frame.y1) + 1, y0 + 2, height))
    u = np.linspace(0, 1, x1 - x0, dtype=np.float32)[None, :, None]
    v = np.linspace(0, 1, y1 - y0, dtype=np.float32)[:, None, None]
    top, bottom = picture[y0, x0:x1].astype(np.float32), picture[y1 - 1, x0:x1].astype(np.float32)
    left, right = picture[y0:y1, x0].astype(np.float32), picture[y0:y1, x1 - 1].astype(np.float32)
    across = left[:, None] * (1 - u) + right[:, None] * u
    downwards = top[None] * (1 - v) + bottom[None] * v
    near_side = np.minimum(u, 1 - u) * (x1 - x0) + np.float32(1e-3)
    near_end = np.minimum(v, 1 - v) * (y1 - y0) + np.float32(1e-3)
    share = near_end / (near_end + near_side)
    covered: Image = picture.copy()
    covered[y0:y1, x0:x1] = np.rint(across * share + downwards * (1 - share))
    return covered


def _blend(
    rng: np.random.Generator, picture: Image, sheet: Image, mask: Image, corners: Float32
) -> Image:
    """Lay a plate onto the picture, with a photograph's blur and noise."""
    height, width = picture.shape[:2]
    box = bounds(corners)
    margin = 4
    x0, y0 = int(max(box.x0 - margin, 0)), int(max(box.y0 - margin, 0))
    x1, y1 = int(min(box.x1 + margin, width)) + 1, int(min(box.y1 + margin, height)) + 1
    below = np.ascontiguousarray(picture[y0:y1, x0:x1])
    origin = np.array([x0, y0], np.float32)
    laid, cover = lay_onto(below, sheet, mask, corners - origin)
    soft = cv2.GaussianBlur(laid, (0, 0), rng.uniform(0.35, 0.4 + box.width / 160))
    grain = rng.standard_normal(soft.shape[:2], np.float32)[:, :, None] * rng.uniform(0, 4)
    share = cv2.dilate(cover, np.ones((3, 3), np.uint8))[:, :, None] * np.float32(1 / 255)
    pasted: Image = picture.copy()
    pasted[y0:y1, x0:x1] = camera.finish(below + (soft + grain - below) * share)
    return pasted
