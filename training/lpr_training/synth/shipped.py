"""Renders the samples that the project ships. Run: python -m lpr_training.synth.shipped FOLDER"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lpr.errors import OutputError
from lpr.types import Float32, Image
from lpr_training.synth.plates.render import render_plate
from lpr_training.synth.scenes import camera
from lpr_training.synth.scenes.scene import PlacedPlate, mount, place_plate, place_vehicle
from lpr_training.synth.scenes.street import render_street
from lpr_training.synth.scenes.vehicles import VehiclePicture, render_vehicle
from lpr_training.synth.video.recipe import video_recipe
from lpr_training.synth.video.render import write_video

VIDEO = "sample-street"
"""The recipe of the video."""

_WIDTH, _HEIGHT = 960, 720
_HORIZON = 0.3


def write_samples(folder: Path) -> None:
    """Render the video and two stills, with their ground truth (``street.json``, ``stills.json``).

    Raises :class:`lpr.errors.OutputError` if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stills = {
            name: _write_still(folder / name, *still)
            for name, still in (
                ("car.jpg", render_still(37, "car", "BGT6175", "car")),
                ("motorcycle.jpg", render_still(16, "scooter", "382KLN", "old-motorcycle")),
            )
        }
        written = json.dumps({"schema": 1, "stills": stills}, indent=1)
        (folder / "stills.json").write_text(written + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the samples to {folder}: {error}") from error
    write_video(video_recipe(VIDEO), folder / "street.mp4")


def render_still(seed: int, kind: str, text: str, style: str) -> tuple[Image, PlacedPlate]:
    """Render one vehicle, 960 x 720, with a plate about 150 pixels wide."""
    street, _ = render_street(np.random.default_rng(seed), _WIDTH, _HEIGHT, horizon=_HORIZON)
    vehicle = render_vehicle(np.random.default_rng(seed), kind, 640)
    plate = render_plate(np.random.default_rng(seed), text, style, fresh=True)
    stance = _stance(vehicle, 720.0 if kind == "car" else 440.0)
    picture = place_vehicle(street, vehicle, stance)
    picture, placed = place_plate(picture, plate, mount(vehicle, stance))
    return _develop(np.random.default_rng([seed, 1]), picture), placed


def _write_still(file: Path, image: Image, plate: PlacedPlate) -> list[dict[str, Any]]:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    file.write_bytes(data.tobytes())
    box = [round(v, 1) for v in plate.box]
    quad = [[round(x, 1), round(y, 1)] for x, y in plate.quad]
    return [{"text": plate.text, "box": box, "quad": quad}]


def _stance(vehicle: VehiclePicture, wide: float) -> Float32:
    """The corners (``4 x 2``) of a vehicle on the road, ``wide`` pixels wide."""
    tall = wide * vehicle.mask.shape[0] / vehicle.mask.shape[1]
    lane = 0.62 if vehicle.mask.shape[0] < vehicle.mask.shape[1] else 0.86
    middle, ground = _WIDTH * 0.47, _HEIGHT * _HORIZON + wide * lane
    x0, x1, y0 = middle - wide / 2, middle + wide / 2, ground - tall
    return np.array([[x0, y0], [x1, y0], [x1, ground], [x0, ground]], np.float32)


def _develop(rng: np.random.Generator, picture: Image) -> Image:
    """The picture with a slight blur and slight noise."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.55).astype(np.float32)
    grain = rng.standard_normal(soft.shape[:2], np.float32)[:, :, None] * np.float32(1.8)
    return camera.finish(soft + grain)


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]))
