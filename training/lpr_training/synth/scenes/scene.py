"""Renders streets with vehicles and their plates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from lpr.types import Box, Float32, Image, Quad
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.geometry import as_quad, bounds, lay_onto
from lpr_training.synth.plates.origin import TAIWANESE, Origin
from lpr_training.synth.plates.render import PlatePicture
from lpr_training.synth.scenes import camera
from lpr_training.synth.scenes.street import render_street
from lpr_training.synth.scenes.vehicles import KINDS, VehiclePicture, render_vehicle

MIN_WIDTH = 16.0
"""Narrowest plate, in pixels."""

_MIN_VISIBLE = 0.9  # Least share of a plate's box inside the picture
_BLUR = 0.6  # Greatest blur of the camera, in pixels
_KINDS = tuple(KINDS)


class PlacedPlate(NamedTuple):
    """A plate in a picture: bounding box, exact corners, text (``A-Z0-9``)."""

    box: Box
    quad: Quad
    text: str


@dataclass(frozen=True, slots=True)
class ScenePicture:
    """A rendered street (BGR) and its plates."""

    image: Image
    plates: tuple[PlacedPlate, ...]


def render_scene(
    rng: np.random.Generator, width: int, height: int, origin: Origin = TAIWANESE
) -> ScenePicture:
    """Render a street with up to four vehicles, which do not occlude each other.

    Plates are 16 pixels to half the picture wide. A vehicle has no plate if it would be truncated,
    too small or too large; one in ten others has none either.
    """
    picture, horizon = render_street(rng, width, height)
    placed: list[PlacedPlate] = []
    taken: list[Box] = []
    vehicles = int(rng.integers(0, 5))
    for _ in range(vehicles * 5):
        if len(taken) == vehicles:
            break
        space = _parking_place(rng, width, height, horizon)
        if any(space.iou(other) > 0 for other in taken):
            continue
        taken.append(space)
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        vehicle = render_vehicle(rng, kind, int(np.clip(space.width * 1.1, 40, 640)))
        stance = _stance(rng, vehicle, (space.x0, space.y1), space.width)
        picture = place_vehicle(picture, vehicle, stance)
        corners = mount(vehicle, stance)
        if rng.random() < 0.1 or not _visible(bounds(corners), width, height):
            continue
        plate = origin.mounted(rng, vehicle.styles, render_width(corners))
        picture, labelled = place_plate(picture, plate, corners)
        placed.append(labelled)
    return ScenePicture(camera.photograph(rng, picture, _BLUR), tuple(placed))


def place_vehicle(picture: Image, vehicle: VehiclePicture, stance: Float32) -> Image:
    """Return the picture with a vehicle and its shadow, at the corners ``stance`` (``4 x 2``)."""
    return lay_onto(_ground_shadow(picture, stance), vehicle.image, vehicle.mask, stance)[0]


def mount(vehicle: VehiclePicture, stance: Float32) -> Float32:
    """Return the corners (``4 x 2``, pixels) of the plate's place on a vehicle with this stance."""
    tall, wide = vehicle.mask.shape
    source = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, stance.astype(np.float32))
    return as_float(cv2.perspectiveTransform(vehicle.plate[None], matrix)[0])


def place_plate(picture: Image, plate: PlatePicture, corners: Float32) -> tuple[Image, PlacedPlate]:
    """Return the picture with a plate as wide as ``corners`` and with the same centre."""
    corners = _with_aspect(corners, plate)
    laid, _ = lay_onto(picture, plate.image, plate.mask, corners)
    return laid, PlacedPlate(bounds(corners), as_quad(corners), plate.text)


def _parking_place(rng: np.random.Generator, width: int, height: int, horizon: float) -> Box:
    """A place on the road, the wider the farther below the horizon."""
    wide = width * float(np.exp(rng.uniform(np.log(0.15), np.log(0.8))))
    if rng.random() < 0.1:
        wide = width * rng.uniform(0.9, 1.6)
    near = wide / width * rng.uniform(0.7, 1.3)
    ground = horizon + (height - horizon) * min(0.1 + 0.9 * near, 1.15)
    left = rng.uniform(-0.1, 1.0) * (width - wide * 0.8)
    return Box(left, ground - wide * 1.2, left + wide, ground)


def render_width(corners: Float32) -> int:
    """The width, in pixels, at which a plate has to be rendered to be sharp at these corners."""
    reach = float(np.linalg.norm(corners[1] - corners[0]))
    return 160 if reach < 90 else 240 if reach < 160 else 400


def _with_aspect(corners: Float32, plate: PlatePicture) -> Float32:
    """Corners with the same centre and width, and the plate's proportions."""
    tall, wide = plate.mask.shape
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    stretch = float(np.linalg.norm(along)) * tall / wide / max(float(np.linalg.norm(down)), 1e-6)
    middle = corners.mean(axis=0)
    shift = (down * (stretch - 1) / 2).astype(np.float32)
    moved = corners + np.array([-shift, -shift, shift, shift])
    return np.asarray(moved + (middle - moved.mean(axis=0)), np.float32)


def _stance(
    rng: np.random.Generator, vehicle: VehiclePicture, corner: tuple[float, float], wide: float
) -> Float32:
    """The corners (``4 x 2``) of a vehicle that stands on ``corner``, turned a little."""
    tall = wide * vehicle.mask.shape[0] / vehicle.mask.shape[1]
    turn = rng.normal(0, 0.05)
    half = wide / 2 * (1 - abs(turn))
    middle, y = corner[0] + wide / 2, corner[1]
    lean = rng.normal(0, 0.02) * tall
    slope = turn * rng.uniform(-0.3, 0.6) * wide
    left, right = tall * (1 - turn), tall * (1 + turn)
    upper = [middle - half + lean, y - left - slope], [middle + half + lean, y - right + slope]
    lower = [middle + half, y + slope], [middle - half, y - slope]
    return np.array([*upper, *lower], np.float32)


def _ground_shadow(picture: Image, stance: Float32) -> Image:
    height, width = picture.shape[:2]
    middle = (stance[2] + stance[3]) / 2
    reach = float(np.linalg.norm(stance[2] - stance[3]))
    light = np.full((height // 4 + 1, width // 4 + 1), 255, np.uint8)
    center = (round(float(middle[0]) * 4), round(float(middle[1]) * 4))
    axes = (round(reach * 2.2), round(reach * 0.35))
    cv2.ellipse(light, center, axes, 0, 0, 360, 70, -1, cv2.LINE_AA, shift=4)
    size = max(int(reach / 40), 1) * 2 + 1
    light = cv2.resize(cv2.blur(light, (size, size)), (width, height))
    return as_image(cv2.multiply(picture, cv2.merge([light] * 3), scale=1 / 255))


def _visible(box: Box, width: int, height: int) -> bool:
    clipped = box.clipped(width, height).area
    return MIN_WIDTH <= box.width <= width / 2 and clipped >= _MIN_VISIBLE * box.area
