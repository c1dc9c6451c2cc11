"""A detector's recipe, and its reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.detection.detector import fitted
from lpr.utils.toml import build
from lpr_training.augmentation.darknet import Darknet
from lpr_training.augmentation.mosaic import Layout
from lpr_training.augmentation.photometric import Photometry
from lpr_training.datasets.rendered import Edits
from lpr_training.engine.schedule import Schedule
from lpr_training.recipes import FOLDER, read

STRIDE = 32
"""Sides of canvases are multiples of this, in pixels."""


@dataclass(frozen=True, slots=True)
class Data:
    """The training pictures. ``scenes`` to ``rendered`` are relative shares of the sets; the
    pictures of a user's set are ``scenes``."""

    scenes: float = 0.5
    dashcam: float = 0.17
    crops: float = 0.18
    rendered: float = 0.15
    rendered_pictures: int = 1000  # Number of streets that are rendered in advance
    region: str = "tw"  # Code of the rendered plates' region
    edited: float = 0.5  # Share of photographs that are edited


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """The settings of a detector's training."""

    schedule: Schedule
    cfg: str = "tw-light-detector.cfg"  # The network, a Darknet cfg
    sizes: tuple[tuple[int, int], ...] = ((0, 384),)  # First step, and side of the canvas in pixels
    aspects: tuple[float, ...] = (1.0,)  # Widths over heights of canvases, at the same pixel count
    data: Data = field(default_factory=Data)
    edits: Edits = field(default_factory=Edits)
    layout: Layout = field(default_factory=Layout)
    photometry: Photometry = field(default_factory=Photometry)
    threshold: float = 0.4  # Minimum score of the boxes for recall and false boxes in checks
    branches: bool = True  # Re-parameterises 3 x 3 convolutions (``engine.reparameterization``)
    darknet: Darknet | None = None  # Darknet's own training: its canvases, augmentation and loss

    def size_at(self, step: int) -> tuple[int, int]:
        """The width and height of the canvases of a step."""
        side = [size for start, size in self.sizes if start <= step][-1]
        aspect = np.random.default_rng([self.schedule.seed, step]).choice(self.aspects)
        # A picture of these proportions, larger than any canvas, so only the pixels are limited.
        return fitted(round(4 * side * aspect), 4 * side, side**2, STRIDE)


def detector_recipe(name: str, changes: Sequence[str] = ()) -> tuple[DetectorRecipe, Cfg]:
    """Read a recipe, by its name or file, and the network that it names.

    ``cfg`` is relative to the recipe that states it; in ``changes``, to the working directory.
    """
    return detector_of(read(name, changes), name)


def detector_of(table: dict[str, Any], name: str) -> tuple[DetectorRecipe, Cfg]:
    """Build a recipe from its table, and read its network; ``name`` is for error messages."""
    recipe = build(DetectorRecipe, table, name)
    return recipe, read_cfg(Path(recipe.cfg) if "cfg" in table else FOLDER / recipe.cfg)
