"""The sample clip and stills that the project ships, rendered: nothing in them is a photograph."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lpr.errors import OutputError
from lpr.types import Box, Float32, Image
from lpr_training.synth import camera
from lpr_training.synth.geometry import bounds
from lpr_training.synth.plates import PlatePicture, render_plate
from lpr_training.synth.scenes import PlacedPlate, mount, place_plate, place_vehicle
from lpr_training.synth.street import render_street
from lpr_training.synth.vehicles import VehiclePicture, render_vehicle

WIDTH, HEIGHT, FPS, FRAMES = 640, 384, 15, 48
_HORIZON = 0.3
_SEED = 7


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """``image`` is BGR; ``plates`` are those that are wholly to be seen."""

    image: Image
    plates: tuple[PlacedPlate, ...]


@dataclass(frozen=True, slots=True)
class _Role:
    """A vehicle and its way: when, and its middle and width (pixels) at the start and the end."""

    kind: str
    text: str
    style: str
    first: int
    last: int
    start: tuple[float, float]
    stop: tuple[float, float]
    seed: int

    def at(self, frame: int) -> tuple[float, float]:
        """Middle and width; steady speed means that one over the width changes steadily."""
        t = (frame - self.first) / (self.last - self.first)
        (x0, w0), (x1, w1) = self.start, self.stop
        width = 1 / ((1 - t) / w0 + t / w1)
        return x0 + (x1 - x0) * (width - w0) / (w1 - w0), width


_CAST = (
    _Role("car", "BKR5827", "car", 0, 30, (220, 270), (-260, 620), 32),
    _Role("scooter", "MQE3406", "motorcycle", 0, 47, (500, 270), (330, 110), 17),
    _Role("car", "7392GH", "old-car", 17, 47, (880, 560), (470, 290), 5),
)


def render_clip(seed: int = _SEED) -> Iterator[ClipFrame]:
    """:data:`FRAMES` frames: cars and a scooter pass a camera at the roadside."""
    street = _street(np.random.default_rng(seed), WIDTH, HEIGHT)
    cast = [(role, *_equip(role)) for role in _CAST]
    for frame in range(FRAMES):
        picture, plates = street, list[PlacedPlate]()
        on_stage = [player for player in cast if player[0].first <= frame <= player[0].last]
        for role, vehicle, plate in sorted(on_stage, key=lambda player: player[0].at(frame)[1]):
            stance = _stance(vehicle, *role.at(frame), HEIGHT, frame)
            picture = place_vehicle(picture, vehicle, stance)
            plates = [p for p in plates if p.box.iou(bounds(stance)) == 0]
            picture, placed = place_plate(picture, plate, mount(vehicle, stance))
            plates.append(placed)
        image = _develop(np.random.default_rng([seed, frame]), picture)
        yield ClipFrame(image, tuple(p for p in plates if _inside(p.box, WIDTH, HEIGHT)))


def render_still(seed: int, kind: str, text: str, style: str) -> ClipFrame:
    """One vehicle, 960 x 720, with a plate some 150 pixels wide."""
    width, height = 960, 720
    street = _street(np.random.default_rng(seed), width, height)
    role = _Role(kind, text, style, 0, 1, (0, 1), (0, 2), seed)
    vehicle, plate = _equip(role)
    wide = 720.0 if kind == "car" else 440.0
    stance = _stance(vehicle, width * 0.47, wide, height, 0)
    picture = place_vehicle(street, vehicle, stance)
    picture, placed = place_plate(picture, plate, mount(vehicle, stance))
    return ClipFrame(_develop(np.random.default_rng([seed, 1]), picture), (placed,))


def write_samples(folder: Path) -> None:
    """Renders the clip, two stills and ``street.json``, which says what is on them.

    Raises OutputError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        frames = _write_clip(folder / "street.mp4")
        stills = {
            name: _write_still(folder / name, still)
            for name, still in (
                ("car.jpg", render_still(37, "car", "BGT6175", "car")),
                ("motorcycle.jpg", render_still(16, "scooter", "382KLN", "old-motorcycle")),
            )
        }
        truth = {
            "schema": 1,
            "video": {
                "file": "street.mp4",
                "fps": FPS,
                "width": WIDTH,
                "height": HEIGHT,
                "frames": frames,
            },
            "stills": stills,
        }
        (folder / "street.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the samples to {folder}: {error}") from error


def _write_clip(file: Path) -> list[list[dict[str, Any]]]:
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(file), codec, FPS, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise OutputError(f"cannot write a video to {file}: this OpenCV has no mp4v encoder")
    truth = []
    try:
        for frame in render_clip():
            writer.write(frame.image)
            truth.append([_as_dict(plate) for plate in frame.plates])
    finally:
        writer.release()
    return truth


def _write_still(file: Path, still: ClipFrame) -> list[dict[str, Any]]:
    _, data = cv2.imencode(".jpg", still.image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    file.write_bytes(data.tobytes())
    return [_as_dict(plate) for plate in still.plates]


def _as_dict(plate: PlacedPlate) -> dict[str, Any]:
    return {
        "text": plate.text,
        "box": [round(v, 1) for v in plate.box],
        "quad": [[round(x, 1), round(y, 1)] for x, y in plate.quad],
    }


def _street(rng: np.random.Generator, width: int, height: int) -> Image:
    picture, _ = render_street(rng, width, height, horizon=_HORIZON)
    return picture


def _equip(role: _Role) -> tuple[VehiclePicture, PlatePicture]:
    vehicle = render_vehicle(np.random.default_rng(role.seed), role.kind, 640)
    rng = np.random.default_rng(role.seed)
    plate = render_plate(rng, role.text, role.style, fresh=True)
    return vehicle, plate


def _stance(
    vehicle: VehiclePicture, middle: float, wide: float, height: int, frame: int
) -> Float32:
    """Corners of a vehicle on the road, its distance given by its width, rocking a little."""
    tall = wide * vehicle.mask.shape[0] / vehicle.mask.shape[1]
    lane = 0.62 if vehicle.mask.shape[0] < vehicle.mask.shape[1] else 0.86
    ground = height * _HORIZON + wide * lane + np.sin(frame * 1.1) * wide * 0.002
    turn = np.sin(frame * 0.35) * 0.006
    x0, x1, y0 = middle - wide / 2, middle + wide / 2, ground - tall
    rock = turn * wide
    return np.array(
        [[x0, y0 - rock], [x1, y0 + rock], [x1, ground + rock], [x0, ground - rock]], np.float32
    )


def _develop(rng: np.random.Generator, picture: Image) -> Image:
    """An ordinary camera on an ordinary day: a little soft, a little noisy."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.55).astype(np.float32)
    grain = rng.standard_normal(soft.shape[:2], np.float32)[:, :, None] * np.float32(1.8)
    return camera.finish(soft + grain)


def _inside(box: Box, width: int, height: int) -> bool:
    return box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]))
