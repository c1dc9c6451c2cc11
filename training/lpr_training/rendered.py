"""Rendered pictures for training: pools of them, made beforehand by as many processes as there are
cores, and photographs that are changed as they are picked.

Every picture depends on the seed and its number alone, so that a resumed run sees the same ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import cv2
import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.types import Box, Image
from lpr_training.datasets import Pyramid
from lpr_training.synth.countries import country
from lpr_training.synth.crops import WIDTHS, CropPicture, render_crop
from lpr_training.synth.distractors import distract, render_distractor
from lpr_training.synth.markets import MARKETS
from lpr_training.synth.scenes import paste_plate, render_scene

MOST_REPLACED = 5
"""Plates of one picture that are replaced: in crowded ones each costs as much as in others."""

ABROAD = "abroad"
"""The region of a kept-out set that stands for plates of all markets and of no country."""

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Edits:
    """How a photograph is changed before it is trained on: the odds that each of its plates is
    replaced by a rendered one, that one (and then another) is added, that things which are no
    plates are, and that a rendered plate is none of Taiwan's."""

    replace: float = 0.6
    add: float = 0.45
    distract: float = 0.4
    abroad: float = 0.4


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A fixed set of rendered crops to measure recognizers by: plates of the code ``region``, or of
    ``abroad``; of the markets (:data:`lpr_training.synth.markets.MARKETS`) those of so many
    ``lines`` alone, where that is not 0."""

    count: int = 10_000
    seed: int = 1
    widths: tuple[float, float] = WIDTHS
    region: str = "tw"
    lines: int = 0


def rendered_crops(count: int, seed: int, abroad: bool = False) -> list[CropPicture]:
    """``count`` single plates, Taiwan's or from ``abroad``, with a little around them."""
    return _made(partial(_crop, seed, abroad), range(count), "rendering plates")


def kept_out_crops(recipe: KeptOut) -> list[CropPicture]:
    """Crops that no training sees: they are drawn from another stream of random numbers."""
    return _made(partial(_kept_out, recipe), range(recipe.count), "rendering plates")


def rendered_others(count: int, seed: int) -> list[tuple[Image, Box]]:
    """``count`` pictures of things that are no plates, and the boxes of these."""
    return _made(partial(_other, seed), range(count), "rendering other things")


def rendered_scenes(count: int, seed: int) -> list[Pyramid]:
    """``count`` rendered streets."""
    return _made(partial(_scene, seed), range(count), "rendering scenes")


def edited(rng: np.random.Generator, picture: Pyramid, odds: Edits) -> Pyramid:
    """``picture`` with rendered plates instead of some of its own and beside them, and with things
    that are no plates."""
    image = picture.levels[0]
    boxes = [Box(*map(float, box)) for box in picture.boxes]
    for index in rng.permutation(len(boxes))[:MOST_REPLACED]:
        box = boxes[index]
        replaceable = not picture.unclear[index] and box.width > 16
        if replaceable and 1.2 < box.width / max(box.height, 1) < 6 and rng.random() < odds.replace:
            image, plate = paste_plate(rng, image, box.quad, abroad=rng.random() < odds.abroad)
            boxes[index] = plate.box
    if rng.random() < odds.distract:
        image = distract(rng, image, boxes)
    added = 0
    while rng.random() < odds.add and added < 3:
        image, plate = paste_plate(rng, image, avoid=boxes, abroad=rng.random() < odds.abroad)
        boxes.append(plate.box)
        added += 1
    return Pyramid(image, boxes, np.concatenate([picture.unclear, np.zeros(added, bool)]))


def _made(make: Callable[[S], T], jobs: Iterable[S], what: str) -> list[T]:
    jobs = list(jobs)
    workers = min(os.cpu_count() or 1, 16, max(len(jobs) // 32, 1))
    # Spawned, not forked: torch's and OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_alone) as pool:
        done = pool.map(make, jobs, chunksize=16)
        return list(tqdm(done, desc=what, total=len(jobs), disable=None, leave=False))


def _alone() -> None:
    cv2.setNumThreads(1)


def _crop(seed: int, abroad: bool, number: int) -> CropPicture:
    return render_crop(np.random.default_rng([seed, 4 if abroad else 0, number]), abroad=abroad)


def _kept_out(recipe: KeptOut, number: int) -> CropPicture:
    rng = np.random.default_rng([recipe.seed, 5, number])
    if recipe.region in (*MARKETS, ABROAD):
        market = None if recipe.region == ABROAD else recipe.region
        lines = recipe.lines or None
        return render_crop(rng, abroad=True, market=market, lines=lines, widths=recipe.widths)
    return render_crop(rng, widths=recipe.widths, country=country(recipe.region))


def _other(seed: int, number: int) -> tuple[Image, Box]:
    return render_distractor(np.random.default_rng([seed, 6, number]))


def _scene(seed: int, number: int) -> Pyramid:
    rng = np.random.default_rng([seed, 1, number])
    width, height = ((480, 360), (512, 288), (400, 400), (360, 480))[rng.integers(4)]
    scene = render_scene(rng, width, height)
    return Pyramid(scene.image, [plate.box for plate in scene.plates])
