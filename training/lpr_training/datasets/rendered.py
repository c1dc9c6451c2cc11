"""Rendered pictures for training: pools, rendered in parallel, and photographs edited on the fly.

Every picture depends on the seed and its number alone, so a resumed run gets the same ones.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from typing import TypeVar

import cv2
import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.types import Box, Image
from lpr.utils.toml import build
from lpr_training.datasets.pyramid import Pyramid
from lpr_training.recipes import read
from lpr_training.synth.plates.origin import ABROAD, FOREIGN, TAIWANESE, Origin, origin
from lpr_training.synth.scenes.crops import WIDTHS, CropPicture, render_crop
from lpr_training.synth.scenes.distractors import distract, render_distractor
from lpr_training.synth.scenes.paste import paste_plate
from lpr_training.synth.scenes.scene import render_scene

MAX_REPLACED = 5
"""Most replaced plates of a picture, to bound the time for crowded ones."""

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits of photographs for training, as probabilities."""

    replace: float = 0.6  # Each plate is replaced by a rendered one
    add: float = 0.45  # Another plate is added, repeatedly
    distract: float = 0.4  # Distractors are added
    abroad: float = 0.4  # A rendered plate is foreign


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A fixed set of rendered crops for measuring recognizers: plates of a ``region`` or of
    :data:`ABROAD`. ``lines`` restricts :data:`~lpr_training.synth.plates.foreign_styles.MARKETS` to
    plates of so many lines; 0 for all."""

    count: int = 10_000
    seed: int = 1
    widths: tuple[float, float] = WIDTHS
    region: str = "tw"
    lines: int = 0


def rendered_crops(count: int, seed: int, region: str = "tw") -> list[CropPicture]:
    """``count`` single plates of a region or of :data:`ABROAD`, with a margin."""
    make = partial(render_crop, origin=origin(region))
    return _numbered(make, seed, 4 if region == ABROAD else 0, count, "rendering plates")


def kept_out_crops(recipe: HeldOut) -> list[CropPicture]:
    """Crops that no training sees, from a separate stream of random numbers."""
    plates, lines = origin(recipe.region), recipe.lines or None
    make = partial(render_crop, widths=recipe.widths, origin=plates, lines=lines)
    return _numbered(make, recipe.seed, 5, recipe.count, "rendering plates")


def rendered_others(count: int, seed: int) -> list[tuple[Image, Box]]:
    """``count`` pictures of things other than plates, with their boxes."""
    return _numbered(render_distractor, seed, 6, count, "rendering other things")


def rendered_scenes(count: int, seed: int, region: str = "tw") -> list[Pyramid]:
    """``count`` rendered streets with plates of a region."""
    return _numbered(partial(_scene, origin(region)), seed, 1, count, "rendering scenes")


def edited(
    rng: np.random.Generator, picture: Pyramid, odds: Edits, usual: Origin = TAIWANESE
) -> Pyramid:
    """``picture`` with rendered plates in place of some of its own and in addition, and with
    distractors. Rendered plates are foreign or of the ``usual`` origin."""

    def whose() -> Origin:
        return FOREIGN if rng.random() < odds.abroad else usual

    image = picture.levels[0]
    boxes = [Box(*map(float, box)) for box in picture.boxes]
    for index in rng.permutation(len(boxes))[:MAX_REPLACED]:
        box = boxes[index]
        replaceable = not picture.unclear[index] and box.width > 16
        if replaceable and 1.2 < box.width / max(box.height, 1) < 6 and rng.random() < odds.replace:
            image, plate = paste_plate(rng, image, box.quad, origin=whose())
            boxes[index] = plate.box
    if rng.random() < odds.distract:
        image = distract(rng, image, boxes)
    added = 0
    while rng.random() < odds.add and added < 3:
        image, plate = paste_plate(rng, image, avoid=boxes, origin=whose())
        boxes.append(plate.box)
        added += 1
    return Pyramid(image, boxes, np.concatenate([picture.unclear, np.zeros(added, bool)]))


def render_in_parallel(make: Callable[[S], T], jobs: Iterable[S], what: str) -> list[T]:
    """The results of ``make`` for ``jobs``, in their order, computed by several processes."""
    jobs = list(jobs)
    workers = min(os.cpu_count() or 1, 16, max(len(jobs) // 32, 1))
    if workers == 1:
        return [make(job) for job in tqdm(jobs, desc=what, disable=None, leave=False)]
    # Spawned, not forked: torch's and OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_alone) as pool:
        done = pool.map(make, jobs, chunksize=16)
        return list(tqdm(done, desc=what, total=len(jobs), disable=None, leave=False))


def _alone() -> None:
    cv2.setNumThreads(1)
    # Only the parent handles interrupts: a pool whose workers die first prints its own traceback.
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()


def _leave_with_the_parent() -> None:
    """Exit with the parent: a worker would wait forever for a parent that was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _numbered(
    render: Callable[[np.random.Generator], T], seed: int, stream: int, count: int, what: str
) -> list[T]:
    """``count`` pictures of one of the seed's streams of random numbers."""
    return render_in_parallel(partial(_render, render, seed, stream), range(count), what)


def _render(render: Callable[[np.random.Generator], T], seed: int, stream: int, number: int) -> T:
    return render(np.random.default_rng([seed, stream, number]))


def _scene(plates: Origin, rng: np.random.Generator) -> Pyramid:
    width, height = ((480, 360), (512, 288), (400, 400), (360, 480))[rng.integers(4)]
    scene = render_scene(rng, width, height, plates)
    return Pyramid(scene.image, [plate.box for plate in scene.plates])


def kept_out_recipe(name: str, changes: Sequence[str] = ()) -> HeldOut:
    return build(HeldOut, read(name, changes), name)
