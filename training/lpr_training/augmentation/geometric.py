"""Geometric augmentation: random homographies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEEP, STEEP_ODDS = 2.5, 0.12
"""Factor of the rotation in rare steep views, and the odds of these."""

Matrix = NDArray[np.float64]


def shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def zoom(x: float, y: float) -> Matrix:
    return np.diag([x, y, 1.0])


def tilt(rng: np.random.Generator, size: tuple[float, float], turn: float, lean: float) -> Matrix:
    """Return a random rotation, shear and slight perspective about a picture's centre.

    ``turn`` is the standard deviation of the rotation in degrees, which is sometimes steep;
    ``lean`` that of shear and perspective.
    """
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
    """Ranges of a uniform movement, on both sides of 0, as in Keras' ImageDataGenerator."""

    rotation: float = 0.0  # Degrees
    shift_x: float = 0.0  # Widths of the crop
    shift_y: float = 0.0  # Heights of the crop
    shear: float = 0.0  # Degrees
    zoom: float = 0.0  # Change of each axis's scale, as a share of it


def affine(
    rng: np.random.Generator, size: tuple[int, int], ranges: Affine, share: float = 1.0
) -> Matrix:
    """Return a random movement about a crop's centre, within a ``share`` (0..1) of ``ranges``."""
    if ranges == Affine():
        return np.eye(3)
    width, height = size
    angle = np.deg2rad(rng.uniform(-1, 1) * ranges.rotation * share)
    shear = np.deg2rad(rng.uniform(-1, 1) * ranges.shear * share)
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
    """Transform ``points`` (``... x 2``) by a homography (3 x 3)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:])
