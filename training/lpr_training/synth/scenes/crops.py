"""Renders crops for a recognizer: a plate with a margin, as a detector would crop it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Float32, Image, Quad
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.geometry import as_quad, lay_onto, random_view
from lpr_training.synth.plates.origin import TAIWANESE, Origin
from lpr_training.synth.plates.render import PlatePicture, render_plate
from lpr_training.synth.scenes import backgrounds, camera, weather
from lpr_training.synth.styles import Colour

WIDTHS = (30.0, 200.0)
"""Default range of a plate's width, in pixels; wide plates are rarer."""

_MARGIN = 0.15  # Least margin on each side, in widths and heights of the plate's bounding box
_ATTEMPTS = 4  # Photographs that are tried until the plate is legible
_MIN_CONTRAST = 22  # Least difference of light and dark on a legible plate, in grey levels

# Factor of the rotation and the tilt in rare steep views, and the odds of these.
_STEEP, _STEEP_ODDS = 1.6, 0.12


@dataclass(frozen=True, slots=True)
class CropPicture:
    """A crop and its labels, as in :class:`lpr_training.synth.plates.render.PlatePicture`."""

    image: Image
    quad: Quad  # The plate's exact corners, in pixels
    text: str
    region: str
    ground: Colour
    ink: Colour
    lines: int


class CropStream:
    """An endless source of crops; the same seed gives the same crops."""

    def __init__(self, seed: int, origin: Origin = TAIWANESE) -> None:
        self._rng = np.random.default_rng(seed)
        self._origin = origin

    def __iter__(self) -> CropStream:
        return self

    def __next__(self) -> CropPicture:
        return render_crop(self._rng, origin=self._origin)


def render_crop(
    rng: np.random.Generator,
    text: str | None = None,
    style: str | None = None,
    rotation: float = 9.0,
    tilt: float = 35.0,
    widths: tuple[float, float] = WIDTHS,
    origin: Origin = TAIWANESE,
    lines: int | None = None,
) -> CropPicture:
    """Render a plate in random light, seen by a random camera, ``widths`` pixels wide.

    The margin is at least 15 % of the plate's bounding box on each side. ``rotation`` is the
    standard deviation of the roll and ``tilt`` the greatest angle about the other axes, in degrees.
    ``text`` and ``style`` apply to countries' plates, the number of ``lines`` to foreign ones.
    """
    wide = widths[0] * (widths[1] / widths[0]) ** (rng.random() ** 0.7)
    native = 160 if wide < 100 else 240 if wide < 160 else 320
    if origin.country is None:
        plate = origin.plate(rng, native, lines=lines)
    else:
        plate = render_plate(rng, text, style, native, country=origin.country)
    steep = _STEEP if rng.random() < _STEEP_ODDS else 1.0
    aspect = native / plate.image.shape[0]
    corners = random_view(rng, aspect, rotation * steep, tilt * steep) * np.float32(wide)
    corners, size = _place(rng, corners)
    image = _photograph(rng, plate, corners, backgrounds.bodywork(rng, *size), wide)
    return CropPicture(
        image, as_quad(corners), plate.text, plate.region, plate.ground, plate.ink, plate.lines
    )


def _place(rng: np.random.Generator, corners: Float32) -> tuple[Float32, tuple[int, int]]:
    """The corners moved into a picture with margins; and that picture's width and height."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    before, after = (rng.uniform(_MARGIN, 2 * _MARGIN, 2) * (high - low) for _ in range(2))
    size = np.ceil(high - low + before + after)
    return (corners - low + before).astype(np.float32), (int(size[0]), int(size[1]))


def _photograph(
    rng: np.random.Generator, plate: PlatePicture, corners: Float32, around: Image, wide: float
) -> Image:
    sheet = _dirt(rng, plate.image) if rng.random() < 0.3 else plate.image
    if rng.random() < 0.5:
        around = _drop_shadow(rng, around, corners)
    laid, cover = lay_onto(around, sheet, plate.mask, corners)
    scene = laid.astype(np.float32)
    if rng.random() < 0.08:
        _obstacle(rng, scene, corners)
    for _ in range(_ATTEMPTS):
        image = _taken(rng, scene, cover, wide)
        if _readable(image, cover):
            break
    return image


def _taken(rng: np.random.Generator, scene: Float32, cover: Image, wide: float) -> Image:
    """A photograph of the scene in random light and weather, with a random camera."""
    height, width = scene.shape[:2]
    if rng.random() < 0.06:
        lit = weather.infrared(rng, scene, cover)
    else:
        lit = camera.expose(rng, scene, camera.shade(rng, width, height))
    if rng.random() < 0.05:
        lit = weather.rain(rng, lit)
    lit = camera.defocus(rng, lit, camera.blur_at(wide))
    image = camera.finish(camera.noise(rng, lit))
    return weather.video_coding(rng, image) if rng.random() < 0.1 else camera.compress(rng, image)


def _readable(image: Image, cover: Image) -> bool:
    """Whether light and dark differ enough on the plate for a person to read it."""
    tones = image[::2, ::2, 1][cover[::2, ::2] > 200]
    if len(tones) == 0:
        return True
    ranks = [len(tones) // 12, len(tones) * 10 // 12]
    dark, light = np.partition(tones, ranks)[ranks]
    return int(light) - int(dark) >= _MIN_CONTRAST


def _drop_shadow(rng: np.random.Generator, around: Image, corners: Float32) -> Image:
    reach = around.shape[1] * 0.02
    shift = np.array([rng.normal(0, reach), abs(rng.normal(0, reach))])
    light = np.full(around.shape[:2], 255, np.uint8)
    cv2.fillConvexPoly(light, (corners + shift).astype(np.int32), int(rng.integers(50, 200)))
    light = as_image(cv2.blur(light, (5, 5)))
    return as_image(cv2.multiply(around, cv2.merge([light] * 3), scale=1 / 255))


def _dirt(rng: np.random.Generator, plate: Image) -> Image:
    """Patches of dust or mud, and a few scratches."""
    height, width = plate.shape[:2]
    coarse = rng.random((int(rng.integers(3, 9)), int(rng.integers(4, 14)))).astype(np.float32)
    amount = rng.uniform(0.1, 0.75)
    mud = np.clip(cv2.resize(coarse, (width, height)) * 1.8 - 0.9, 0, 1) * np.float32(amount)
    colour = np.array([90, 105, 120]) * rng.uniform(0.3, 1.5)
    clean = plate.astype(np.float32)
    # plate + (colour - plate) * mud
    stain = cv2.merge([mud * np.float32(c) for c in colour])
    dirty = cv2.add(stain, cv2.multiply(clean, cv2.merge([1 - mud] * 3)))
    for _ in range(int(rng.integers(0, 3))):
        a, b = rng.uniform(0, 1, (2, 2)) * (width, height)
        level = float(rng.uniform(60, 230))
        start, stop = (int(a[0]), int(a[1])), (int(b[0]), int(b[1]))
        cv2.line(dirty, start, stop, (level, level, level), 1, cv2.LINE_AA)
    return camera.finish(as_float(dirty))


def _obstacle(rng: np.random.Generator, scene: Float32, corners: Float32) -> None:
    """Draw a cable, twig or bar in front of an edge, or a lamp over the upper one; in place."""
    colour = tuple(float(c) for c in rng.choice([15, 40, 120]) * rng.uniform(0.8, 1.2, 3))
    middle = corners.mean(axis=0)
    if rng.random() < 0.5:
        top = corners[0] + (corners[1] - corners[0]) * rng.uniform(0.3, 0.7)
        reach = float(np.linalg.norm(corners[1] - corners[0]))
        axes = (round(reach * rng.uniform(0.06, 0.25)), round(reach * rng.uniform(0.04, 0.08)))
        cv2.ellipse(scene, (int(top[0]), int(top[1])), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        return
    side = int(rng.integers(4))
    at = corners[side] + (corners[(side + 1) % 4] - corners[side]) * rng.uniform(0.1, 0.9)
    thick = max(int(scene.shape[1] * rng.uniform(0.005, 0.025)), 1)
    stop = at + (middle - at) * rng.normal(-0.4, 0.35)
    ends = [(int(p[0]), int(p[1])) for p in (2 * at - middle, stop)]
    cv2.line(scene, ends[0], ends[1], colour, thick, cv2.LINE_AA)
