"""Pools of rendered pictures, made before training by as many processes as there are cores.

Every picture depends on the seed and its number alone, so that a resumed run sees the same ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import cv2
import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.types import Box, Image
from lpr_training.datasets import Pyramid
from lpr_training.synth.crops import CropPicture, render_crop
from lpr_training.synth.scenes import paste_plate, render_scene

T = TypeVar("T")
S = TypeVar("S")


def rendered_crops(count: int, seed: int) -> list[CropPicture]:
    """``count`` single plates with a little around them."""
    return _made(partial(_crop, seed), range(count), "rendering plates")


def rendered_scenes(count: int, seed: int) -> list[Pyramid]:
    """``count`` rendered streets."""
    return _made(partial(_scene, seed), range(count), "rendering scenes")


def pasted_scenes(pictures: Sequence[Pyramid], count: int, seed: int) -> list[Pyramid]:
    """``count`` of the ``pictures``, with rendered plates instead of their own and beside them."""
    chosen = np.random.default_rng([seed, 2]).integers(len(pictures), size=count)
    jobs = [(n, pictures[i].levels[0], pictures[i].boxes.tolist()) for n, i in enumerate(chosen)]
    return _made(partial(_pasted, seed), jobs, "pasting plates")


def _made(make: Callable[[S], T], jobs: Iterable[S], what: str) -> list[T]:
    jobs = list(jobs)
    workers = min(os.cpu_count() or 1, 16, max(len(jobs) // 32, 1))
    # Spawned, not forked: torch's and OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_alone) as pool:
        done = pool.map(make, jobs, chunksize=16)
        return list(tqdm(done, desc=what, total=len(jobs), disable=None, leave=False))


def _alone() -> None:
    cv2.setNumThreads(1)


def _crop(seed: int, number: int) -> CropPicture:
    return render_crop(np.random.default_rng([seed, 0, number]))


def _scene(seed: int, number: int) -> Pyramid:
    rng = np.random.default_rng([seed, 1, number])
    width, height = ((480, 360), (512, 288), (400, 400), (360, 480))[rng.integers(4)]
    scene = render_scene(rng, width, height)
    return Pyramid(scene.image, [plate.box for plate in scene.plates])


def _pasted(seed: int, job: tuple[int, Image, list[list[float]]]) -> Pyramid:
    number, image, labels = job
    rng = np.random.default_rng([seed, 3, number])
    boxes = [Box(*label) for label in labels]
    for index, box in enumerate(boxes):
        if box.width > 16 and 1.2 < box.width / max(box.height, 1) < 3 and rng.random() < 0.7:
            image, plate = paste_plate(rng, image, box.quad)
            boxes[index] = plate.box
    for _ in range(int(rng.integers(0, 3))):
        image, plate = paste_plate(rng, image, avoid=boxes)
        boxes.append(plate.box)
    return Pyramid(image, boxes)
