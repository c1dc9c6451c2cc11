"""What a detector's training run consists of."""

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
"""Sides of canvases are multiples of it."""


@dataclass(frozen=True, slots=True)
class Data:
    """The share of training pictures that comes from each set, how many are rendered with plates of
    which ``region`` (a code), and the share of photographs that are ``edited``.

    The pictures of a set of one's own are ``scenes``.
    """

    scenes: float = 0.5
    dashcam: float = 0.17
    crops: float = 0.18
    rendered: float = 0.15
    rendered_pictures: int = 1000
    region: str = "tw"
    edited: float = 0.5


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """``sizes`` gives the canvases' sides: [step, pixels] from that step on, the first at step 0.
    DetectorBatches have one of the ``aspects`` (width / height), and about as many pixels as a
    square one. Boxes count from a score of ``threshold`` on where ``check`` measures recall and
    false boxes. With ``branches`` the 3 x 3 convolutions are re-parameterised
    (:mod:`lpr_training.engine.reparameterization`). With ``darknet`` the network is trained as
    Darknet does: canvases have the cfg's size, are filled in its way, and its loss is used."""

    schedule: Schedule
    cfg: str = "tw-light-detector.cfg"
    sizes: tuple[tuple[int, int], ...] = ((0, 384),)
    aspects: tuple[float, ...] = (1.0,)
    data: Data = field(default_factory=Data)
    edits: Edits = field(default_factory=Edits)
    layout: Layout = field(default_factory=Layout)
    photometry: Photometry = field(default_factory=Photometry)
    threshold: float = 0.4
    branches: bool = True
    darknet: Darknet | None = None

    def size_at(self, step: int) -> tuple[int, int]:
        """Width and height of the canvases of a step."""
        side = [size for start, size in self.sizes if start <= step][-1]
        aspect = np.random.default_rng([self.schedule.seed, step]).choice(self.aspects)
        # A picture of these proportions that is larger than any canvas: it bounds nothing else.
        return fitted(round(4 * side * aspect), 4 * side, side**2, STRIDE)


def detector_recipe(name: str, changes: Sequence[str] = ()) -> tuple[DetectorRecipe, Cfg]:
    """A detector's recipe and the network that it names.

    ``cfg`` lies beside the recipe that states it; a change's path is taken as it is.
    """
    return detector_of(read(name, changes), name)


def detector_of(table: dict[str, Any], name: str) -> tuple[DetectorRecipe, Cfg]:
    """As :func:`detector_recipe`, of a table that was read already; ``name`` is for messages."""
    recipe = build(DetectorRecipe, table, name)
    return recipe, read_cfg(Path(recipe.cfg) if "cfg" in table else FOLDER / recipe.cfg)
