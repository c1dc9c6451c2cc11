"""Labels made wrong on purpose, to see what wrong labels cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lpr_training.datasets.plate_samples import PlateSample

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALIKE = ("0ODQ", "1I7L", "2Z", "5S", "8B3", "6GC", "MNW", "UVY", "PR", "EF", "KX", "4A")
"""Characters that are taken for one another."""

_MOVED = (0.06, 0.18)
"""How far a careless box is off on each side, in parts of the plate's size."""


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """The shares (0..1) of training labels with a wrong text, and with a box that is off."""

    texts: float = 0.0
    boxes: float = 0.0


def mislabelled(
    sets: Mapping[str, list[PlateSample]], wrong: LabelNoise, seed: int
) -> Mapping[str, list[PlateSample]]:
    """``sets`` with wrong labels; the same plates for the same ``seed``, whatever the training.

    What shows no plate has no label that could be wrong.
    """
    if wrong == LabelNoise():
        return sets
    return {
        name: [
            _spoilt(plate, wrong, np.random.default_rng([seed, 8, place, number]))
            if plate.looks.plate
            else plate
            for number, plate in enumerate(plates)
        ]
        for place, (name, plates) in enumerate(sets.items())
    }


def _spoilt(plate: PlateSample, wrong: LabelNoise, rng: np.random.Generator) -> PlateSample:
    texts, boxes = rng.random(2) < (wrong.texts, wrong.boxes)
    if texts:
        plate = replace(plate, text=mistyped(plate.text, rng))
    if boxes:
        plate = replace(plate, quad=carelessly_boxed(plate, rng), tight=False)
    return plate


def replaced(text: str, rng: np.random.Generator) -> str:
    """One character by a similar one, or, every other time, by any other."""
    place = int(rng.integers(len(text)))
    alike = "".join(group for group in ALIKE if text[place] in group)
    choice = alike if alike and rng.random() < 0.5 else CHARACTERS
    others = [char for char in choice if char != text[place]]
    return text[:place] + str(rng.choice(others)) + text[place + 1 :]


def swapped(text: str, rng: np.random.Generator) -> str:
    """Two neighbours that differ, or one character replaced where none do."""
    places = [place for place in range(len(text) - 1) if text[place] != text[place + 1]]
    if not places:
        return replaced(text, rng)
    place = int(rng.choice(places))
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def dropped(text: str, rng: np.random.Generator) -> str:
    """One character left out."""
    place = int(rng.integers(len(text)))
    return text[:place] + text[place + 1 :]


def doubled(text: str, rng: np.random.Generator) -> str:
    """One character typed twice."""
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
    """``text`` after one of :data:`SLIPS`, each as often as the others."""
    return list(SLIPS.values())[int(rng.integers(len(SLIPS)))](text, rng)


def carelessly_boxed(plate: PlateSample, rng: np.random.Generator) -> NDArray[np.float64]:
    """The corners (4 x 2) of a box around ``plate`` each of whose sides is off, in or out."""
    low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
    size = np.tile(high - low, 2)
    sides = np.concatenate([low, high])
    x0, y0, x1, y1 = sides + rng.choice([-1, 1], 4) * rng.uniform(*_MOVED, 4) * size
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
