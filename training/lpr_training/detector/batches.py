"""Batches of canvases that a detector is trained on: photographs and rendered streets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lpr.errors import SourceError
from lpr.evaluate.stress import stressed
from lpr.labels import LabelledPicture, table_of
from lpr.types import Float32, Image
from lpr_training.augmentation.darknet import place
from lpr_training.augmentation.mosaic import compose
from lpr_training.augmentation.photometric import photometric
from lpr_training.datasets.pyramid import Pyramid, load
from lpr_training.datasets.rendered import edited, rendered_scenes
from lpr_training.datasets.sets import LabelledSet, open_sets
from lpr_training.detector.recipe import Data, DetectorRecipe
from lpr_training.synth.plates.origin import origin


@dataclass(frozen=True, slots=True)
class Batch:
    """``N`` canvases and their plates."""

    images: Tensor  # ``N x H x W x 3``, BGR bytes
    plates: Tensor  # ``M x 5``: number of the picture, x0, y0, x1, y1 in pixels
    ignored: Tensor  # Plates, in the same layout, that count neither as positive nor as negative

    def to(self, device: torch.device) -> Batch:
        return Batch(*(part.to(device) for part in (self.images, self.plates, self.ignored)))


LARGEST = 65_536
"""A limit for the sides of pictures, in pixels, that none exceeds."""

PHOTOGRAPHS = ("scenes", "dashcam", "crops")


def training_pictures(root: Path, data: Data, seed: int) -> dict[str, list[Pyramid]]:
    """The pictures of the sets of ``root`` to train on, by their shares, and rendered ones.

    Raises :class:`lpr.errors.LprError` for missing or malformed labels, for a set without plates,
    and for a ``data.region`` without plate styles.
    """
    photographs: dict[str, list[Pyramid]] = {}
    for each in open_sets(root).sets:
        train, held_out = each.split()
        _check_plates(each, train, "train on")
        if each.held_out:
            _check_plates(each, held_out, "check by")
        pictures = photographs.setdefault(each.share, [])
        pictures += load(train, unlabelled=each.unlabelled_boxes())
    rendered = data.rendered_pictures if data.rendered else 0
    return photographs | {"rendered": rendered_scenes(rendered, seed, data.region)}


def _check_plates(source: LabelledSet, pictures: list[LabelledPicture], purpose: str) -> None:
    if not any(picture.plates for picture in pictures):
        raise SourceError(
            f"{table_of(Path(source.folder))}: the {len(pictures)} pictures to {purpose} show no "
            "plate; label more of them"
        )


def dev_pictures(root: Path) -> dict[str, list[Pyramid]]:
    """The held-out pictures of the sets of ``root``, by the prefix of their figures: ``""`` for the
    share of the first set, ``SHARE_`` for others, ``stress_`` for changed copies."""
    sources = [each for each in open_sets(root).sets if each.held_out]
    dev = [(each, each.split()[1]) for each in sources]
    sets: dict[str, list[Pyramid]] = {}
    for each, pictures in dev:
        prefix = "" if each.share == sources[0].share else f"{each.share}_"
        sets.setdefault(prefix, []).extend(load(pictures))
    for each, pictures in dev:
        if each.stressed:
            originals = load(pictures, longest=LARGEST)
            sets.setdefault("stress_", []).extend(map(_stressed, originals, pictures))
    return sets


def _stressed(picture: Pyramid, labels: LabelledPicture) -> Pyramid:
    """The picture in other light, colours and scale."""
    image, moved = stressed(picture.levels[0], labels)
    return Pyramid(image, [plate.box for plate in moved.plates])


class DetectorBatches:
    """Batches of canvases; each depends on the seed and its number alone."""

    def __init__(
        self, sets: dict[str, list[Pyramid]], recipe: DetectorRecipe, size: tuple[int, int]
    ) -> None:
        """``size`` is the network's (width, height): that of the canvases of Darknet's recipes."""
        self.sets = {name: pictures for name, pictures in sets.items() if pictures}
        self.recipe, self.size = recipe, size
        self.usual = origin(recipe.data.region)
        shares = np.array([getattr(recipe.data, name) for name in self.sets])
        self.shares = shares / shares.sum()

    def batch(self, number: int) -> Batch:
        schedule = self.recipe.schedule
        size = self.recipe.size_at(number // schedule.subdivisions)
        images, plates, ignored = [], [], []
        for index in range(schedule.micro_batch):
            rng = np.random.default_rng([schedule.seed, number, index])
            image, boxes, unclear = self.canvas(rng, size)
            images.append(image)
            rows = np.insert(boxes, 0, index, axis=1)
            plates.append(rows[~unclear])
            ignored.append(rows[unclear])
        return Batch(
            torch.from_numpy(np.stack(images)),
            torch.from_numpy(np.concatenate(plates)),
            torch.from_numpy(np.concatenate(ignored)),
        )

    def canvas(
        self, rng: np.random.Generator, size: tuple[int, int]
    ) -> tuple[Image, Float32, NDArray[np.bool_]]:
        """Return a canvas, its boxes (``N x 4``), and whether each is ignored."""
        layout = self.recipe.layout
        if self.recipe.darknet:
            return place(self.pick(rng), self.size, rng, self.recipe.darknet)
        pictures = [self.pick(rng) for _ in range(4 if rng.random() < layout.mosaic else 1)]
        image, boxes, unclear = compose(pictures, size, rng, layout)
        return photometric(image, rng, self.recipe.photometry), boxes, unclear

    def pick(self, rng: np.random.Generator) -> Pyramid:
        """Return a random picture; some photographs are edited."""
        name = rng.choice(list(self.sets), p=self.shares)
        picture = self.sets[name][rng.integers(len(self.sets[name]))]
        if name in PHOTOGRAPHS and rng.random() < self.recipe.data.edited:
            picture = edited(rng, picture, self.recipe.edits, self.usual)
        return picture


def to_input(images: Tensor) -> Tensor:
    """Convert ``N x H x W x 3`` BGR bytes into the network's input: ``N x 3 x H x W`` RGB, 0..1."""
    flipped = images.permute(0, 3, 1, 2).flip(1).float() / 255
    return flipped.contiguous(memory_format=torch.channels_last)
