"""Pictures with plates in them: rendered streets, and plates set into any picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from lpr.types import Box, Float32, Image, Quad
from lpr_training.synth import camera
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.geometry import as_quad, bounds, lay_onto, random_view
from lpr_training.synth.origin import TAIWANESE, Origin
from lpr_training.synth.plates import PlatePicture
from lpr_training.synth.street import render_street
from lpr_training.synth.vehicles import KINDS, VehiclePicture, render_vehicle

_NARROWEST = 16.0
_KINDS = tuple(KINDS)


class PlacedPlate(NamedTuple):
    """A plate in a picture: its bounding box, its exact corners, its text (``A-Z0-9``)."""

    box: Box
    quad: Quad
    text: str


@dataclass(frozen=True, slots=True)
class ScenePicture:
    """``image`` is BGR."""

    image: Image
    plates: tuple[PlacedPlate, ...]


def paste_plate(
    rng: np.random.Generator,
    picture: Image,
    place: Quad | None = None,
    avoid: Sequence[Box] = (),
    origin: Origin = TAIWANESE,
) -> tuple[Image, PlacedPlate]:
    """A copy of ``picture`` with a rendered plate in it, matched to the light around it.

    With a ``place`` (a labelled plate: ``box.quad``), what is there is covered up and the new
    plate's bounding box is that of the place; without, the plate stands somewhere at random, 16
    pixels to a third of the picture wide, off the boxes to ``avoid`` where there is room.
    """
    height, width = picture.shape[:2]
    if place is None:
        aspect = origin.aspect(rng)
        corners = _somewhere(rng, width, height, aspect, avoid)
        levels = _guess_levels(rng, picture, bounds(corners))
        canvas = picture
    else:
        frame = bounds(np.asarray(place, np.float32))
        levels = _levels(picture, frame)
        canvas = _cover_up(picture, frame)
        corners = _fitted(rng, frame)
        aspect = max(frame.width / frame.height, 1.2)
    native = _native(corners)
    plate = origin.plate(rng, native, aspect)
    sheet = _match(rng, plate, levels)
    pasted = _lay_locally(rng, canvas, sheet, plate.mask, corners)
    return pasted, PlacedPlate(bounds(corners), as_quad(corners), plate.text)


def render_scene(
    rng: np.random.Generator, width: int, height: int, origin: Origin = TAIWANESE
) -> ScenePicture:
    """A rendered street with up to four vehicles, and plates of 16 pixels up to half its width.

    Vehicles do not hide each other. One that would show a part of its plate, or one too small or
    too large, has none, and so have some others.
    """
    picture, horizon = render_street(rng, width, height)
    placed: list[PlacedPlate] = []
    taken: list[Box] = []
    wanted = int(rng.integers(0, 5))
    for _ in range(wanted * 5):
        if len(taken) == wanted:
            break
        room = _parking_place(rng, width, height, horizon)
        if any(room.iou(other) > 0 for other in taken):
            continue
        taken.append(room)
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        vehicle = render_vehicle(rng, kind, int(np.clip(room.width * 1.1, 40, 640)))
        stance = _stance(rng, vehicle, (room.x0, room.y1), room.width)
        picture = place_vehicle(picture, vehicle, stance)
        corners = mount(vehicle, stance)
        if rng.random() < 0.1 or not _visible(bounds(corners), width, height):
            continue
        plate = origin.mounted(rng, vehicle.styles, _native(corners))
        picture, seen = place_plate(picture, plate, corners)
        placed.append(seen)
    return ScenePicture(_photograph(rng, picture), tuple(placed))


def place_vehicle(picture: Image, vehicle: VehiclePicture, stance: Float32) -> Image:
    """The picture with a vehicle, and its shadow, whose corners lie on ``stance`` (``4 x 2``)."""
    return lay_onto(_ground_shadow(picture, stance), vehicle.image, vehicle.mask, stance)[0]


def mount(vehicle: VehiclePicture, stance: Float32) -> Float32:
    """Where the plate of a vehicle that stands so belongs: corners in the picture."""
    tall, wide = vehicle.mask.shape
    source = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, stance.astype(np.float32))
    return as_float(cv2.perspectiveTransform(vehicle.plate[None], matrix)[0])


def place_plate(picture: Image, plate: PlatePicture, corners: Float32) -> tuple[Image, PlacedPlate]:
    """The picture with a plate as wide as ``corners`` are and in their middle."""
    corners = _with_aspect(corners, plate)
    laid, _ = lay_onto(picture, plate.image, plate.mask, corners)
    return laid, PlacedPlate(bounds(corners), as_quad(corners), plate.text)


def _parking_place(rng: np.random.Generator, width: int, height: int, horizon: float) -> Box:
    """Room for a vehicle as wide as its distance from the horizon asks for, roughly."""
    wide = width * float(np.exp(rng.uniform(np.log(0.15), np.log(0.8))))
    if rng.random() < 0.1:
        wide = width * rng.uniform(0.9, 1.6)
    near = wide / width * rng.uniform(0.7, 1.3)
    ground = horizon + (height - horizon) * min(0.1 + 0.9 * near, 1.15)
    left = rng.uniform(-0.1, 1.0) * (width - wide * 0.8)
    return Box(left, ground - wide * 1.2, left + wide, ground)


def _native(corners: Float32) -> int:
    """How wide a plate must be drawn to be sharp between these corners."""
    reach = float(np.linalg.norm(corners[1] - corners[0]))
    return 160 if reach < 90 else 240 if reach < 160 else 400


def _with_aspect(corners: Float32, plate: PlatePicture) -> Float32:
    """The same middle and width, with the height of the plate that is mounted."""
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
    """Where the vehicle's corners go: standing on ``corner``, turned a little."""
    tall = wide * vehicle.mask.shape[0] / vehicle.mask.shape[1]
    turn = rng.normal(0, 0.05)
    half = wide / 2 * (1 - abs(turn))
    middle, y = corner[0] + wide / 2, corner[1]
    lean = rng.normal(0, 0.02) * tall
    slope = turn * rng.uniform(-0.3, 0.6) * wide
    left, right = tall * (1 - turn), tall * (1 + turn)
    return np.array(
        [
            [middle - half + lean, y - left - slope],
            [middle + half + lean, y - right + slope],
            [middle + half, y + slope],
            [middle - half, y - slope],
        ],
        np.float32,
    )


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


def _photograph(rng: np.random.Generator, scene: Image) -> Image:
    height, width = scene.shape[:2]
    lit = camera.expose(rng, scene.astype(np.float32), camera.shade(rng, width, height))
    lit = camera.defocus(rng, lit, 0.6)
    return camera.compress(rng, camera.finish(camera.noise(rng, lit)))


def _visible(box: Box, width: int, height: int) -> bool:
    inside = Box(0, 0, width, height)
    shown = Box(max(box.x0, 0), max(box.y0, 0), min(box.x1, width), min(box.y1, height))
    return (
        inside.contains(box.center)
        and box.width >= _NARROWEST
        and shown.area >= 0.9 * box.area
        and box.width <= width / 2
    )


def _somewhere(
    rng: np.random.Generator, width: int, height: int, aspect: float, avoid: Sequence[Box]
) -> Float32:
    for _ in range(12):
        wide = float(np.exp(rng.uniform(np.log(_NARROWEST * 1.1), np.log(max(width / 3, 20)))))
        view = random_view(rng, aspect) * np.float32(wide)
        reach = np.abs(view).max(axis=0)
        space = np.maximum(np.array([width, height]) - 2 * reach, 0)
        corners = as_float(view + reach + rng.random(2) * space)
        if not any(bounds(corners).iou(box) > 0 for box in avoid):
            break
    return corners


def _fitted(rng: np.random.Generator, frame: Box) -> Float32:
    """A random view whose bounding box is ``frame``."""
    view = random_view(rng, 2.2, rotation=6, tilt=30)
    low, high = view.min(axis=0), view.max(axis=0)
    size = np.array([frame.width, frame.height])
    return as_float((view - low) / (high - low) * size + np.array([frame.x0, frame.y0]))


def _levels(picture: Image, frame: Box) -> tuple[Float32, Float32]:
    """How dark and how light the plate is that is there now (BGR each)."""
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
    """The plate in the light of its surroundings: its black and white become ``levels``."""
    dark, light = levels
    slope = rng.uniform(0.85, 1.12, (2, 2)).astype(np.float32)
    uneven = cv2.resize(slope, (plate.image.shape[1], plate.image.shape[0]))[:, :, None]
    spread = (light - dark) / np.float32(238 - 25)
    return camera.finish((dark + (plate.image.astype(np.float32) - 25) * spread) * uneven)


def _cover_up(picture: Image, frame: Box) -> Image:
    """The picture with what is in the frame replaced by a blend of what is around it."""
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


def _lay_locally(
    rng: np.random.Generator, picture: Image, sheet: Image, mask: Image, corners: Float32
) -> Image:
    """Lays a plate on and softens and roughens it as a photograph would be."""
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
