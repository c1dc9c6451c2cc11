"""The training data of a country as labelled sets on disk: rendered pictures and photographs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from lpr.errors import SourceError
from lpr.labels import LabelledPicture, read_labels
from lpr_training.country.recipe import Rendered
from lpr_training.datasets.rendered import HeldOut, kept_out_crops, render_in_parallel
from lpr_training.datasets.sets import split_pictures
from lpr_training.datasets.write_rendered import SIZES
from lpr_training.labelling.crops import cut
from lpr_training.labelling.files import write_picture, writing
from lpr_training.labelling.formats import SPLITS
from lpr_training.labelling.pictures import load_picture
from lpr_training.labelling.table import Row, write_rows
from lpr_training.synth.geometry import bounds
from lpr_training.synth.plates.origin import Origin, origin
from lpr_training.synth.scenes.scene import ScenePicture, render_scene

PHOTO = "photo-"
"""The prefix of the file names of photographed crops."""

MARGIN = 0.3
"""The margin of photographed crops, as a fraction of the box's size."""


def write_scenes(folder: Path, region: str, rendered: Rendered, photos: Path | None) -> None:
    """Write rendered streets with plates of a region as ``images/*.jpg``, and a ``labels.csv`` of
    these and of the labelled set ``photos``. Photographs are not copied."""
    plates = origin(region)
    with writing(folder):
        (folder / "images").mkdir(parents=True)
    rows = []
    for number, (split, count) in enumerate(zip(SPLITS, rendered.scenes, strict=True)):
        make = partial(_scene, [rendered.seed, 10, number], plates)
        for index, scene in enumerate(render_in_parallel(make, range(count), "rendering scenes")):
            file = folder / "images" / f"{split}-{index:05d}.jpg"
            write_picture(file, scene.image)
            rows.append(Row(file, split, tuple((plate.box, plate.text) for plate in scene.plates)))
    for split, picture in _photographs(photos):
        boxes = tuple((plate.box, plate.text) for plate in picture.plates)
        difficult = tuple((box, None) for box in picture.difficult)
        rows.append(Row(picture.path.absolute(), split, boxes, difficult))
    write_rows(rows, folder / "labels.csv")


def write_crops(folder: Path, region: str, rendered: Rendered, photos: Path | None) -> None:
    """Write rendered plates of a region, and those of ``photos`` with a text, as ``images/*.png``
    with a ``labels.csv``."""
    with writing(folder):
        (folder / "images").mkdir(parents=True)
    rows = []
    for number, (split, count) in enumerate(zip(SPLITS, rendered.crops, strict=True)):
        kept = HeldOut(count, 100 * rendered.seed + number, region=region)
        for index, crop in enumerate(kept_out_crops(kept)):
            file = folder / "images" / f"{split}-{index:05d}.png"
            write_picture(file, crop.image)
            box = bounds(np.array(crop.quad, np.float32))
            rows.append(Row(file, split, ((box, crop.text),)))
    for number, (split, picture) in enumerate(_photographs(photos)):
        pixels = load_picture(picture.path)
        for index, plate in enumerate(picture.plates):
            found = cut(pixels, plate.box, MARGIN) if plate.text else None
            if found is not None:
                file = folder / "images" / f"{PHOTO}{number:05d}-{index}.png"
                write_picture(file, found[0])
                rows.append(Row(file, split, ((found[1], plate.text),)))
    write_rows(rows, folder / "labels.csv")


def _photographs(photos: Path | None) -> Iterator[tuple[str, LabelledPicture]]:
    """The pictures of a labelled set with their splits."""
    if photos is None:
        return
    train, dev = split_pictures(photos)
    val: Sequence[LabelledPicture] = ()
    with contextlib.suppress(SourceError):  # the set may have no such split
        val = read_labels(photos, "val")
    for split, pictures in zip(SPLITS, (train, dev, val), strict=True):
        yield from ((split, picture) for picture in pictures)


def _scene(seed: list[int], plates: Origin, number: int) -> ScenePicture:
    rng = np.random.default_rng([*seed, number])
    return render_scene(rng, *SIZES[rng.integers(len(SIZES))], plates)
