"""Geometric augmentation: affine maps of pictures and boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEEP, STEEP_ODDS = 2.5, 0.12


Matrix = NDArray[np.float64]


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
