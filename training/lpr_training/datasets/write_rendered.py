"""Rendered pictures as files: a sheet to look at, crops and scenes with their labels."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import OutputError
from lpr.types import Image
from lpr_training.datasets.rendered import HeldOut, kept_out_crops
from lpr_training.synth.geometry import bounds
from lpr_training.synth.plates.origin import origin
from lpr_training.synth.preview import contact_sheet
from lpr_training.synth.scenes.crops import CropStream
from lpr_training.synth.scenes.scene import render_scene

COLUMNS = ("file", "xmin", "ymin", "xmax", "ymax", "text")
SIZES = ((640, 480), (720, 405), (480, 640))


def write_preview(file: Path, count: int, seed: int, region: str) -> None:
    """A sheet of ``count`` rendered plates of a region's code."""
    _write(file, contact_sheet(islice(CropStream(seed, origin(region)), count)))


def write_crops(folder: Path, recipe: HeldOut) -> None:
    """The crops of ``recipe`` as ``images/*.png``, and ``labels.csv`` beside that folder."""
    origin(recipe.region)  # whose errors had better come before the first file
    _free(folder)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for number, crop in enumerate(kept_out_crops(recipe)):
            name = f"{number:05d}.png"
            _write(folder / "images" / name, crop.image)
            box = bounds(np.array(crop.quad, np.float32))
            table.writerow([name, *(f"{value:.1f}" for value in box), crop.text])


def write_scenes(folder: Path, count: int, seed: int) -> None:
    """``count`` rendered streets as ``images/*.jpg``, and ``labels.csv`` beside that folder."""
    _free(folder)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for number in tqdm(range(count), unit="scene", disable=None):
            rng = np.random.default_rng([seed, number])
            scene = render_scene(rng, *SIZES[rng.integers(len(SIZES))])
            name = f"{number:05d}.jpg"
            _write(folder / "images" / name, scene.image)
            for plate in scene.plates:
                table.writerow([name, *(f"{value:.1f}" for value in plate.box), plate.text])
            if not scene.plates:
                table.writerow([name, "", "", "", "", ""])


def _free(folder: Path) -> None:
    """Raises :class:`lpr.errors.OutputError` where labels, maybe made by hand, would be lost."""
    if (folder / "labels.csv").exists():
        raise OutputError(f"{folder / 'labels.csv'}: is there already; name another folder")


def _write(file: Path, image: Image) -> None:
    try:
        written = cv2.imwrite(str(file), image)
    except cv2.error as error:
        raise OutputError(f"{file}: cannot be written ({error.err})") from error
    if not written:
        raise OutputError(f"{file}: cannot be written; is its folder there?")
