"""Changing pictures at random, as cameras, weather and compression do. NumPy and OpenCV only.

Every function takes its random generator, so that a sample depends on its seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lpr.types import Image
from lpr_training.datasets import Pyramid
from lpr_training.synth.arrays import as_image

STEEP, STEEP_ODDS = 2.5, 0.12

Matrix = NDArray[np.float64]
Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Photometry:
    """How often (0..1) and how strongly a picture's light and sharpness change."""

    light: float = 0.8
    colour: float = 0.5
    grey: float = 0.1
    shadow: float = 0.15
    blur: float = 0.2
    coarse: float = 0.15
    noise: float = 0.25
    jpeg: float = 0.35


def photometric(image: Image, rng: np.random.Generator, odds: Photometry) -> Image:
    """``image`` (BGR) in other light, colour, sharpness, with noise and compression."""
    if rng.random() < odds.light:
        image = _light(image, rng)
    if rng.random() < odds.colour:
        image = _colour(image, rng)
    if rng.random() < odds.grey:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        image = as_image(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
    if rng.random() < odds.shadow:
        image = _shadow(image, rng)
    if rng.random() < odds.blur:
        image = _blur(image, rng)
    if rng.random() < odds.coarse:
        image = _coarse(image, rng)
    if rng.random() < odds.noise:
        image = _noise(image, rng)
    if rng.random() < odds.jpeg:
        quality = int(rng.integers(15, 90))
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image


def _light(image: Image, rng: np.random.Generator) -> Image:
    """Gamma, contrast and brightness, as one table; now and then a picture of the night."""
    value = np.linspace(0, 1, 256)
    value = value ** np.exp(rng.normal(0, 0.35))
    value = (value - 0.5) * np.exp(rng.normal(0, 0.3)) + 0.5 + rng.normal(0, 0.12)
    if rng.random() < 0.1:
        value = value * rng.uniform(0.2, 0.6)
    return as_image(cv2.LUT(image, np.clip(value * 255, 0, 255).astype(np.uint8)))


def _colour(image: Image, rng: np.random.Generator) -> Image:
    """Another saturation and hue, and a cast such as a lamp's or a wrong white balance."""
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


def _shadow(image: Image, rng: np.random.Generator) -> Image:
    """A straight-edged shadow (or a bright patch) over a part of the picture."""
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
        sigma = rng.uniform(0.5, 1.8)
        return as_image(cv2.GaussianBlur(image, (0, 0), sigma))
    length = int(rng.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    centre = (length - 1) / 2
    along = np.array([np.cos(angle := rng.uniform(0, np.pi)), np.sin(angle)]) * centre
    start, end = centre - along, centre + along
    cv2.line(kernel, np.rint(start).astype(int).tolist(), np.rint(end).astype(int).tolist(), 1.0)
    smear = kernel / kernel.sum()
    return as_image(cv2.filter2D(image, -1, smear, borderType=cv2.BORDER_REPLICATE))


def _coarse(image: Image, rng: np.random.Generator) -> Image:
    """As if taken with fewer pixels and enlarged."""
    height, width = image.shape[:2]
    factor = rng.uniform(0.35, 0.9)
    small = (max(int(width * factor), 1), max(int(height * factor), 1))
    shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(3)]
    return as_image(cv2.resize(shrunk, (width, height), interpolation=way))


def _noise(image: Image, rng: np.random.Generator) -> Image:
    """Gaussian noise, drawn as a tile to save time; half the time the same in all channels."""
    height, width = image.shape[:2]
    channels = 3 if rng.random() < 0.5 else 1
    noise = rng.standard_normal((-(-height // 2), width, channels), np.float32)
    noise = np.tile(noise * rng.uniform(2, 18), (2, 1, 1))[:height]
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def zoom(x: float, y: float) -> Matrix:
    return np.diag([x, y, 1.0])


def tilt(rng: np.random.Generator, size: tuple[float, float], turn: float, lean: float) -> Matrix:
    """A random turn (degrees, sigma; now and then a large one), shear and slight perspective about
    a picture's centre."""
    width, height = size
    angle = np.deg2rad(rng.normal(0, turn) * (STEEP if rng.random() < STEEP_ODDS else 1))
    rotate = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    shear = np.array([[1, rng.normal(0, lean), 0], [rng.normal(0, lean), 1, 0], [0, 0, 1]])
    perspective = np.eye(3)
    perspective[2, :2] = rng.normal(0, lean, 2) / (width, height)
    centre = shift(width / 2, height / 2)
    moved = perspective @ rotate @ shear @ shift(-width / 2, -height / 2)
    return np.asarray(centre @ moved)


@dataclass(frozen=True, slots=True)
class Affine:
    """How far a crop is moved at most, each value drawn evenly from both sides of 0: ``rotation``
    in degrees, ``shift_x`` and ``shift_y`` as parts of its sides, ``shear`` in radians, ``zoom`` of
    each axis as a part of its scale (the ranges of Keras' ImageDataGenerator)."""

    rotation: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0


def affine(
    rng: np.random.Generator, size: tuple[int, int], ranges: Affine, share: float = 1.0
) -> Matrix:
    """A random movement about a crop's centre, within a ``share`` of ``ranges``."""
    if ranges == Affine():
        return np.eye(3)
    width, height = size
    angle = np.deg2rad(rng.uniform(-1, 1) * ranges.rotation * share)
    shear = rng.uniform(-1, 1) * ranges.shear * share
    x, y = rng.uniform(-1, 1, 2) * (ranges.shift_x * width, ranges.shift_y * height) * share
    zooms = 1 + rng.uniform(-1, 1, 2) * ranges.zoom * share
    rotate = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    lean = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    about = shift(width / 2, height / 2)
    moved = shift(x, y) @ about @ rotate @ lean @ zoom(*zooms) @ shift(-width / 2, -height / 2)
    return np.asarray(moved)


def transform(matrix: Matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """``points`` (``... x 2``) through a 3 x 3 homography."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:])


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures are put on a detector's canvas.

    ``mosaic`` is the share of canvases made of four pictures. ``scales`` bounds a single picture's
    size relative to one that just fits the canvas, ``tiles`` the size of one of four relative to
    one that just fills its part. The plate that a picture is placed by is at most ``largest`` of
    the canvas wide. ``stretch`` is the sigma of its aspect ratio's logarithm. In a share ``cut`` of
    the places where a plate would be cut by the canvas's edge, it is. Plates narrower than
    ``smallest`` pixels, or less than ``visible`` of their area inside, are to be ignored: neither
    positive nor negative.
    """

    mosaic: float = 0.5
    scales: tuple[float, float] = (0.65, 2.0)
    tiles: tuple[float, float] = (0.8, 2.2)
    turn: float = 4.0
    lean: float = 0.04
    mirror: float = 0.05
    stretch: float = 0.15
    cut: float = 0.25
    smallest: float = 8.0
    largest: float = 0.92
    visible: float = 0.45


def compose(
    pictures: Sequence[Pyramid], size: tuple[int, int], rng: np.random.Generator, layout: Layout
) -> tuple[Image, Boxes, NDArray[np.bool_]]:
    """One canvas (``height x width x 3``) of one or four ``pictures``, the boxes of their plates
    (``N x 4``, clipped to the canvas) and which of these are to be ignored."""
    width, height = size
    canvas = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if rng.random() < 0.5:
        canvas[:] = 128
    if len(pictures) == 1:
        regions = [(0, 0, width, height)]
    else:
        x, y = (int(n * rng.uniform(0.3, 0.7)) for n in size)
        regions = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    boxes, ignored = [], []
    for picture, region in zip(pictures, regions, strict=True):
        kept, unclear = _place(picture, canvas, region, rng, layout)
        boxes.append(kept)
        ignored.append(unclear)
    return canvas, np.concatenate(boxes), np.concatenate(ignored)


def _place(
    picture: Pyramid,
    canvas: Image,
    region: tuple[int, int, int, int],
    rng: np.random.Generator,
    layout: Layout,
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Draw ``picture`` into ``region`` (x0, y0, x1, y1) of ``canvas`` at a random size and place,
    mostly so that one of its plates can be seen."""
    x0, y0, x1, y1 = region
    width, height = picture.size
    room = np.array([x1 - x0, y1 - y0], np.float64)
    shown = None
    if len(picture.boxes) and rng.random() < 0.9:
        shown = picture.boxes[rng.integers(len(picture.boxes))]
    if room[0] < canvas.shape[1]:
        scale = max(room[0] / width, room[1] / height)
        scale *= np.exp(rng.uniform(*np.log(layout.tiles)))
    else:
        scale = min(room[0] / width, room[1] / height)
        scale *= np.exp(rng.uniform(*np.log(layout.scales)))
    if shown is not None:
        plate = float(shown[2] - shown[0])
        scale = np.clip(scale, 1.2 * layout.smallest / plate, layout.largest * room[0] / plate)
    stretch = np.exp(rng.normal(0, layout.stretch))
    matrix = zoom(scale * stretch, scale / stretch) @ tilt(
        rng, picture.size, layout.turn, layout.lean
    )
    if rng.random() < layout.mirror:
        matrix = matrix @ np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1.0]])
    free = room - np.array([width, height]) * scale
    matrix = shift(*rng.uniform(np.minimum(free, 0), np.maximum(free, 0))) @ matrix
    if shown is not None:
        corners = transform(matrix, shown.reshape(2, 2).astype(np.float64))
        low, high = corners.min(axis=0), corners.max(axis=0)
        if ((low < 0).any() or (high > room).any()) and rng.random() >= layout.cut:
            slack = room - (high - low)
            matrix = (
                shift(*(rng.uniform(np.minimum(slack, 0), np.maximum(slack, 0)) - low)) @ matrix
            )
    part = canvas[y0:y1, x0:x1]
    drawn = np.ascontiguousarray(part)
    picture.draw(matrix, drawn)
    part[:] = drawn
    return _boxes(picture, shift(x0, y0) @ matrix, region, layout)


def _boxes(
    picture: Pyramid, matrix: Matrix, region: tuple[int, int, int, int], layout: Layout
) -> tuple[Boxes, NDArray[np.bool_]]:
    """The boxes of ``picture`` after ``matrix``, clipped to ``region``, without those outside."""
    boxes = picture.boxes
    corners = transform(matrix, boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float64))
    # Turning an axis-parallel box makes the one around it too large: take the corners' means on
    # each side instead, halfway between the tightest and the loosest that the plate may have.
    ordered = np.sort(corners, axis=1)
    low = (ordered[:, 0] + ordered[:, 1]) / 2
    high = (ordered[:, 2] + ordered[:, 3]) / 2
    full = np.concatenate([low, high], axis=1)
    x0, y0, x1, y1 = region
    clipped = np.clip(full, [x0, y0, x0, y0], [x1, y1, x1, y1])
    size = clipped[:, 2:] - clipped[:, :2]
    inside = (size > 1).all(axis=1)
    area = (full[:, 2:] - full[:, :2]).prod(axis=1)
    unclear = (size.prod(axis=1) < layout.visible * area) | (size[:, 0] < layout.smallest)
    unclear |= picture.unclear
    return clipped[inside].astype(np.float32), unclear[inside]
