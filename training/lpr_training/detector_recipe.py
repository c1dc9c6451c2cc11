"""What a detector's training run consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lpr.detect import fitted
from lpr_training.augment import Layout, Photometry
from lpr_training.rendered import Edits
from lpr_training.schedule import Schedule

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
class Darknet:
    """Darknet's training keys: ``jitter`` of a picture's sides, the largest shift of ``hue`` (a
    part of the circle), the largest factors of ``saturation`` and ``exposure``, whether half of the
    pictures are mirrored, and the IoU with a plate from which on a prediction may be no object."""

    jitter: float = 0.3
    hue: float = 0.1
    saturation: float = 1.5
    exposure: float = 1.5
    flip: bool = True
    ignore_thresh: float = 0.7


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """``sizes`` gives the canvases' sides: [step, pixels] from that step on, the first at step 0.
    Canvases have one of the ``aspects`` (width / height), and about as many pixels as a square one.
    Boxes count from a score of ``threshold`` on where ``check`` measures recall and false boxes.
    With ``branches`` the 3 x 3 convolutions are re-parameterised (:mod:`lpr_training.branches`).
    With ``darknet`` the network is trained as Darknet does: canvases have the cfg's size, are
    filled in its way, and its loss is used."""

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
