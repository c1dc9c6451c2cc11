"""Rendered pictures as files: a contact sheet, and crops and scenes with labels."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

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


def write_preview(file: Path, count: int, seed: int, region: str) -> None:
    """A sheet of ``count`` rendered plates of a region's code."""
    _write(file, contact_sheet(islice(CropStream(seed, origin(region)), count)))


def write_crops(folder: Path, recipe: HeldOut) -> None:
    """The crops of ``recipe`` as ``images/*.png``, with a ``labels.csv``."""
    origin(recipe.region)  # raises before the first file
    _prepare(folder)
    rows = []
    for number, crop in enumerate(kept_out_crops(recipe)):
        name = f"{number:05d}.png"
        _write(folder / "images" / name, crop.image)
        rows.append(LabelRow(name, _rounded(bounds(np.array(crop.quad, np.float32))), crop.text))
    _write_table(folder, rows)


def write_scenes(folder: Path, count: int, seed: int) -> None:
    """``count`` rendered streets as ``images/*.jpg``, with a ``labels.csv``."""
    _prepare(folder)
    rows = []
    for number in tqdm(range(count), unit="scene", disable=None):
        rng = np.random.default_rng([seed, number])
        scene = render_scene(rng, *SIZES[rng.integers(len(SIZES))])
        name = f"{number:05d}.jpg"
        _write(folder / "images" / name, scene.image)
        rows += [LabelRow(name, _rounded(plate.box), plate.text) for plate in scene.plates] or [
            LabelRow(name)
        ]
    _write_table(folder, rows)


def _prepare(folder: Path) -> None:
    """Raise :class:`lpr.errors.OutputError` rather than replace labels, maybe made by hand."""
    if (folder / TABLE).exists():
        raise OutputError(f"{folder / TABLE}: is there already; name another folder")
    with writing(folder):
        (folder / "images").mkdir(parents=True, exist_ok=True)


def _rounded(box: Box) -> Box:
    """To a tenth of a pixel."""
    return Box(*(round(float(value), 1) for value in box))


def _write_table(folder: Path, rows: list[LabelRow]) -> None:
    with writing(folder / TABLE):
        write_labels(folder / TABLE, rows)


def _write(file: Path, image: Image) -> None:
    try:
        is_written = cv2.imwrite(str(file), image)
    except cv2.error as error:
        raise OutputError(f"{file}: cannot be written ({error.err})") from error
    if not is_written:
        raise OutputError(f"{file}: cannot be written; is its folder there?")
