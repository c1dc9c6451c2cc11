"""Rendered pictures as files: a contact sheet, and crops and scenes with labels."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import OutputError
from lpr.labels import TABLE, LabelRow, write_labels
from lpr.types import Box, Image
from lpr_training.datasets.rendered import HeldOut, kept_out_crops
from lpr_training.labelling.files import writing
from lpr_training.synth.geometry import bounds
from lpr_training.synth.plates.origin import origin
from lpr_training.synth.preview import contact_sheet
from lpr_training.synth.scenes.crops import CropStream
from lpr_training.synth.scenes.scene import render_scene

SIZES = ((640, 480), (720, 405), (480, 640))
"""Widths and heights of rendered streets, in pixels."""


_Labelled: TypeAlias = tuple[Image, list[tuple[Box, str]]]  # A picture, its plates' boxes and texts


def write_preview(file: Path, count: int, seed: int, region: str) -> None:
    """A sheet of ``count`` rendered plates of a region's code."""
    _write(file, contact_sheet(islice(CropStream(seed, origin(region)), count)))


def write_crops(folder: Path, recipe: HeldOut) -> None:
    """The crops of ``recipe`` as ``images/*.png``, with a ``labels.csv``."""
    origin(recipe.region)  # raises before the first file
    _prepare(folder)
    crops = kept_out_crops(recipe)
    boxes = (bounds(np.array(crop.quad, np.float32)) for crop in crops)
    labelled = ((crop.image, [(box, crop.text)]) for crop, box in zip(crops, boxes, strict=True))
    _write_pictures(folder, ".png", labelled)


def write_scenes(folder: Path, count: int, seed: int) -> None:
    """``count`` rendered streets as ``images/*.jpg``, with a ``labels.csv``."""

    def render(number: int) -> _Labelled:
        rng = np.random.default_rng([seed, number])
        scene = render_scene(rng, *SIZES[rng.integers(len(SIZES))])
        return scene.image, [(plate.box, plate.text) for plate in scene.plates]

    _prepare(folder)
    _write_pictures(folder, ".jpg", map(render, tqdm(range(count), unit="scene", disable=None)))


def _prepare(folder: Path) -> None:
    """Raise :class:`lpr.errors.OutputError` rather than replace labels, maybe made by hand."""
    if (folder / TABLE).exists():
        raise OutputError(f"{folder / TABLE}: is there already; name another folder")
    with writing(folder):
        (folder / "images").mkdir(parents=True, exist_ok=True)


def _rounded(box: Box) -> Box:
    """To a tenth of a pixel."""
    return Box(*(round(float(value), 1) for value in box))


def _write_pictures(folder: Path, suffix: str, pictures: Iterable[_Labelled]) -> None:
    rows = []
    for number, (image, plates) in enumerate(pictures):
        name = f"{number:05d}{suffix}"
        _write(folder / "images" / name, image)
        rows += [LabelRow(name, _rounded(box), text) for box, text in plates] or [LabelRow(name)]
    with writing(folder / TABLE):
        write_labels(folder / TABLE, rows)


def _write(file: Path, image: Image) -> None:
    try:
        is_written = cv2.imwrite(str(file), image)
    except cv2.error as error:
        raise OutputError(f"{file}: cannot be written ({error.err})") from error
    if not is_written:
        raise OutputError(f"{file}: cannot be written; is its folder there?")
