"""Synthetic label noise, to measure the cost of wrong labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lpr_training.datasets.plate_samples import PlateSample

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALIKE = ("0ODQ", "1I7L", "2Z", "5S", "8B3", "6GC", "MNW", "UVY", "PR", "EF", "KX", "4A")
"""Groups of characters that are easily confused."""

# The range of the error of each side of a careless box, as a fraction of the plate's size.
_OFFSETS = (0.06, 0.18)


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """The shares (0..1) of training labels with a wrong text and with a wrong box."""

    texts: float = 0.0
    boxes: float = 0.0


def mislabelled(
    sets: Mapping[str, list[PlateSample]], noise: LabelNoise, seed: int
) -> Mapping[str, list[PlateSample]]:
    """``sets`` with label noise, which depends on ``seed`` alone.

    Examples without a plate have no label and stay unchanged.
    """
    if noise == LabelNoise():
        return sets
    return {
        name: [
            _with_noise(plate, noise, np.random.default_rng([seed, 8, place, number]))
            if plate.looks.plate
            else plate
            for number, plate in enumerate(plates)
        ]
        for place, (name, plates) in enumerate(sets.items())
    }


def _with_noise(plate: PlateSample, noise: LabelNoise, rng: np.random.Generator) -> PlateSample:
    texts, boxes = rng.random(2) < (noise.texts, noise.boxes)
    if texts:
        plate = replace(plate, text=mistyped(plate.text, rng))
    if boxes:
        plate = replace(plate, quad=carelessly_boxed(plate, rng), tight=False)
    return plate


def replaced(text: str, rng: np.random.Generator) -> str:
    """Replace one character by a similar one or, half of the time, by any other."""
    place = int(rng.integers(len(text)))
    alike = "".join(group for group in ALIKE if text[place] in group)
    choice = alike if alike and rng.random() < 0.5 else CHARACTERS
    others = [char for char in choice if char != text[place]]
    return text[:place] + str(rng.choice(others)) + text[place + 1 :]


def swapped(text: str, rng: np.random.Generator) -> str:
    """Swap two different neighbours, or replace one character if there are none."""
    places = [place for place in range(len(text) - 1) if text[place] != text[place + 1]]
    if not places:
        return replaced(text, rng)
    place = int(rng.choice(places))
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def dropped(text: str, rng: np.random.Generator) -> str:
    """Delete one character."""
    place = int(rng.integers(len(text)))
    return text[:place] + text[place + 1 :]


def doubled(text: str, rng: np.random.Generator) -> str:
    """Type one character twice."""
    place = int(rng.integers(len(text)))
    return text[:place] + text[place] + text[place:]


SLIPS: dict[str, Callable[[str, np.random.Generator], str]] = {
    "one character replaced": replaced,
    "two neighbours swapped": swapped,
    "one character dropped": dropped,
    "one character doubled": doubled,
}
"""The ways in which a text (``A-Z0-9``, not empty) is mistyped."""


def mistyped(text: str, rng: np.random.Generator) -> str:
    """``text`` after one of :data:`SLIPS`, drawn uniformly."""
    return list(SLIPS.values())[int(rng.integers(len(SLIPS)))](text, rng)


def carelessly_boxed(plate: PlateSample, rng: np.random.Generator) -> NDArray[np.float64]:
    """The corners (4 x 2) of a box around ``plate`` with an error on each side, in or out."""
    low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
    size = np.tile(high - low, 2)
    sides = np.concatenate([low, high])
    x0, y0, x1, y1 = sides + rng.choice([-1, 1], 4) * rng.uniform(*_OFFSETS, 4) * size
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
