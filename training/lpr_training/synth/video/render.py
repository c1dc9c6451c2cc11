"""Renders videos of a road with their ground truth: every plate's box in every frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import OutputError
from lpr.types import Box, Float32, Image
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.geometry import bounds, lay_onto
from lpr_training.synth.plates.render import render_plate
from lpr_training.synth.scenes.scene import mount, place_plate
from lpr_training.synth.scenes.street import render_street
from lpr_training.synth.scenes.vehicles import VehiclePicture, render_vehicle
from lpr_training.synth.video.recipe import VideoRecipe
from lpr_training.synth.video.traffic import Way, stance, ways

# Widths at which vehicles and plates are drawn, in pixels: hardly any appears larger.
_VEHICLE_WIDTH, _PLATE_WIDTH = 960, 240

_MIN_WIDTH = 0.02  # Narrowest legible plate, in widths of the picture
_MIN_VISIBLE = 0.95  # Least visible share of a legible plate
# Greatest motion of a legible plate while the shutter is open, in heights of the plate; its strokes
# are about that wide.
_MAX_MOTION = 0.1
_MAX_BLUR = 31  # Longest motion blur, in pixels


@dataclass(frozen=True, slots=True)
class VisiblePlate:
    """A plate in a frame."""

    passage: int  # Index of the vehicle's pass
    box: Box  # Pixels; may reach beyond the picture
    visible: float  # Visible share, 0..1
    motion: float  # Motion while the shutter is open, in pixels


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """A frame (BGR) and its visible plates."""

    image: Image
    plates: tuple[VisiblePlate, ...]


@dataclass(slots=True)
class _Vehicle:
    way: Way
    picture: VehiclePicture
    text: str


class RenderedVideo:
    """A recipe's video: iterate over it for the frames. The same recipe gives the same frames."""

    def __init__(self, recipe: VideoRecipe) -> None:
        self.recipe = recipe
        self._vehicles = [_vehicle(way, recipe.light.plates, recipe.worn) for way in ways(recipe)]
        self.texts = tuple(vehicle.text for vehicle in self._vehicles)
        self._reach = round(recipe.width * (recipe.camera.pan + 2 * recipe.camera.sway)) + 4
        rng = np.random.default_rng([recipe.seed, 1 << 20])
        width, horizon = recipe.width + 2 * self._reach, recipe.camera.horizon
        street, _ = render_street(rng, width, recipe.height, horizon=horizon)
        self._street = as_image(cv2.convertScaleAbs(street, alpha=recipe.light.street))
        size = (recipe.height + 128, recipe.width + 128, 3)
        self._grain = rng.normal(0, max(recipe.camera.noise, 1e-6), size).astype(np.int16)

    def __iter__(self) -> Iterator[VideoFrame]:
        for frame in range(self.recipe.frames):
            yield self._draw(frame)

    def _draw(self, frame: int) -> VideoFrame:
        recipe, time = self.recipe, frame / self.recipe.fps
        rng = np.random.default_rng([recipe.seed, frame])
        dx, dy = self._camera_shift(time)
        x0 = self._reach - dx
        picture = self._street[:, x0 : x0 + recipe.width].copy()
        plates: list[VisiblePlate] = []
        on_road = [
            (z, number)
            for number, vehicle in enumerate(self._vehicles)
            if (z := vehicle.way.depth_at(time)) is not None
        ]
        for z, number in sorted(on_road, reverse=True):
            vehicle = self._vehicles[number]
            corners = self._corners(vehicle, z, dx, dy)
            box = bounds(corners)
            motion = self._motion(vehicle, time)
            cover, origin = _lay(picture, vehicle.picture, corners, motion, recipe.light.lamps)
            plates = [_occluded(plate, cover, origin) for plate in plates]
            place = bounds(mount(vehicle.picture, corners))
            if box.x1 > 0 and box.x0 < recipe.width:
                inside = place.clipped(recipe.width, recipe.height)
                visible = min(inside.area / max(place.area, 1e-6), 1.0)
                plates.append(VisiblePlate(number, place, visible, motion))
        for post in recipe.posts:
            left = round(post.x * recipe.width) + dx
            right = left + round(post.width * recipe.width)
            if right > 0 and left < recipe.width:
                picture[:, max(left, 0) : right] = (46, 52, 50)
            cover = np.full((recipe.height, max(right - left, 1)), 255, np.uint8)
            plates = [_occluded(plate, cover, (left, 0)) for plate in plates]
        return VideoFrame(self._develop(rng, picture, time), tuple(p for p in plates if p.visible))

    def _camera_shift(self, time: float) -> tuple[int, int]:
        """The picture's displacement by the turning camera, in pixels: to the right and down."""
        camera, width = self.recipe.camera, self.recipe.width
        pan = camera.pan * np.sin(2 * np.pi * time / camera.pan_seconds)
        across = camera.sway * (np.sin(5.3 * time) + 0.6 * np.sin(13.7 * time + 1))
        down = camera.sway * 0.5 * np.sin(9.1 * time)
        return round(float(pan + across) * width), round(float(down) * width)

    def _corners(self, vehicle: _Vehicle, z: float, dx: int, dy: int) -> Float32:
        tall, wide = vehicle.picture.mask.shape
        corners = stance(self.recipe, vehicle.way.kind, tall / wide, vehicle.way.x, z)
        return as_float(corners + np.array([dx, dy], np.float32))

    def _motion(self, vehicle: _Vehicle, time: float) -> float:
        """The vehicle's motion while the shutter is open, in pixels."""
        way, shutter = vehicle.way, self.recipe.camera.shutter
        before, after = way.depth_at(time - shutter / 2), way.depth_at(time + shutter / 2)
        if before is None or after is None:
            return 0.0
        ends = [stance(self.recipe, way.kind, 0.4, way.x, z) for z in (before, after)]
        return float(np.abs(ends[1] - ends[0]).max())

    def _develop(self, rng: np.random.Generator, picture: Image, time: float) -> Image:
        camera, light = self.recipe.camera, self.recipe.light
        if light.rain:
            _rain(rng, picture, light.rain)
        if light.drift:
            factor = 1 - light.drift / 2 + light.drift / 2 * np.sin(2 * np.pi * time / 30)
            picture = as_image(cv2.convertScaleAbs(picture, alpha=factor))
        if camera.blur:
            picture = as_image(cv2.GaussianBlur(picture, (0, 0), camera.blur))
        y, x = rng.integers(0, 128, 2)
        height, width = picture.shape[:2]
        grain = self._grain[y : y + height, x : x + width]
        return as_image(cv2.add(picture, grain, dtype=cv2.CV_8U))


def write_video(recipe: VideoRecipe, file: Path) -> None:
    """Render a video into ``file`` (H.264), and its ground truth into a ``.json`` file beside it.

    Raises :class:`lpr.errors.OutputError` if they cannot be written.
    """
    video = RenderedVideo(recipe)
    boxes: list[list[list[float]]] = [[] for _ in video.texts]
    legible = [0 for _ in video.texts]
    try:
        # faststart puts the index first, so the file can be piped.
        with av.open(str(file), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=recipe.fps)
            stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, "yuv420p"
            stream.options = {"crf": str(recipe.camera.crf), "preset": "veryfast"}
            stream.thread_type = "FRAME"
            frames = tqdm(video, total=recipe.frames, unit=" frame", disable=None)
            for number, frame in enumerate(frames):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, "bgr24")))
                for plate in frame.plates:
                    box = [round(value, 1) for value in plate.box]
                    boxes[plate.passage].append([number, *box, round(plate.visible, 3)])
                    legible[plate.passage] += _legible(plate, recipe.width)
            container.mux(stream.encode(None))
        truth = json.dumps(_ground_truth(recipe, file.name, video.texts, legible, boxes))
        file.with_suffix(".json").write_text(truth + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise OutputError(f"{file}: the video cannot be written: {error}") from error


def _ground_truth(
    recipe: VideoRecipe,
    name: str,
    texts: tuple[str, ...],
    legible: list[int],
    boxes: list[list[list[float]]],
) -> dict[str, Any]:
    keys = ("fps", "width", "height", "frames")
    video = {"file": name} | {key: getattr(recipe, key) for key in keys}
    passes = [
        {"text": text, "legible": count, "boxes": rows}
        for text, count, rows in zip(texts, legible, boxes, strict=True)
        if rows
    ]
    return {"schema": 1, "video": video, "passes": passes}


def _legible(plate: VisiblePlate, width: int) -> bool:
    large, still = (
        plate.box.width >= _MIN_WIDTH * width,
        plate.motion <= _MAX_MOTION * plate.box.height,
    )
    return large and still and plate.visible >= _MIN_VISIBLE


def _vehicle(way: Way, light: float, worn: float) -> _Vehicle:
    """The vehicle of a pass, with its plate mounted."""
    rng = np.random.default_rng(way.seed)
    vehicle = render_vehicle(rng, way.kind, _VEHICLE_WIDTH)
    style = None if way.text else vehicle.styles[int(rng.integers(len(vehicle.styles)))]
    plate = render_plate(rng, way.text, style, width=_PLATE_WIDTH, fresh=rng.random() >= worn)
    dark = as_image(cv2.convertScaleAbs(vehicle.image, alpha=0.35 + 0.65 * min(light, 1.0)))
    image, placed = place_plate(dark, plate, vehicle.plate)
    corners = np.array(placed.quad, np.float32)
    mask = vehicle.mask.copy()
    cv2.fillConvexPoly(mask, corners.astype(np.int32), 255)  # some plates are wider than scooters
    return _Vehicle(way, replace(vehicle, image=image, mask=mask, plate=corners), plate.text)


def _lay(
    picture: Image, vehicle: VehiclePicture, corners: Float32, motion: float, lamps: float
) -> tuple[Image, tuple[int, int]]:
    """Draw a vehicle and its shadow into ``picture``, in place; return its cover (0..255) and the
    cover's origin."""
    height, width = picture.shape[:2]
    box = bounds(corners)
    reach = box.width * 0.1 + 4
    x0, y0 = int(max(box.x0 - reach, 0)), int(max(box.y0 - reach, 0))
    x1, y1 = int(min(box.x1 + reach, width)), int(min(box.y1 + reach, height))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return np.zeros((1, 1), np.uint8), (0, 0)
    part = np.ascontiguousarray(picture[y0:y1, x0:x1])
    local = as_float(corners - np.array([x0, y0], np.float32))
    shadow = (local[2] + local[3]) / 2
    axes = (max(int(box.width * 0.55), 1), max(int(box.width * 0.06), 1))
    dark = part.copy()
    cv2.ellipse(dark, (int(shadow[0]), int(shadow[1])), axes, 0, 0, 360, (20, 20, 20), -1)
    part = as_image(cv2.addWeighted(part, 0.5, dark, 0.5, 0))
    laid, cover = lay_onto(part, vehicle.image, vehicle.mask, local)
    if lamps:
        laid = _shine(laid, local, lamps)
    if motion > 1:
        laid = as_image(cv2.blur(laid, (1, min(int(motion) | 1, _MAX_BLUR))))
    picture[y0:y1, x0:x1] = laid
    return cover, (x0, y0)


def _shine(part: Image, corners: Float32, strength: float) -> Image:
    """The picture with two glowing headlamps."""
    glow = np.zeros(part.shape[:2], np.uint8)
    wide = float(corners[2][0] - corners[3][0])
    for side in (0.14, 0.86):
        x = corners[3][0] + side * wide
        y = corners[3][1] - 0.28 * wide
        cv2.circle(glow, (int(x), int(y)), max(int(wide * 0.05), 1), 255, -1, cv2.LINE_AA)
    size = max(int(wide * 0.06), 1) * 2 + 1
    glow = as_image(cv2.max(glow, cv2.blur(glow, (size, size))))
    light = as_image(cv2.convertScaleAbs(glow, alpha=strength))
    return as_image(cv2.add(part, cv2.merge([light] * 3)))


def _occluded(plate: VisiblePlate, cover: Image, origin: tuple[int, int]) -> VisiblePlate:
    """``plate`` behind an obstacle: ``cover`` is its opacity (0..255) from ``origin`` on."""
    x0, y0 = int(plate.box.x0) - origin[0], int(plate.box.y0) - origin[1]
    x1, y1 = int(plate.box.x1) + 1 - origin[0], int(plate.box.y1) + 1 - origin[1]
    part = cover[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if not part.size:
        return plate
    hidden = float(part.sum()) / 255 / max((x1 - x0) * (y1 - y0), 1)
    return replace(plate, visible=max(plate.visible - hidden, 0.0))


def _rain(rng: np.random.Generator, picture: Image, streaks: int) -> None:
    height, width = picture.shape[:2]
    veil = picture.copy()
    for x, y, length in rng.uniform(0, 1, (streaks, 3)):
        start = int(x * width), int(y * height)
        stop = start[0] + int(length * height * 0.01), start[1] + int(length * height * 0.06)
        cv2.line(veil, start, stop, (200, 200, 200), 1, cv2.LINE_AA)
    cv2.addWeighted(picture, 0.6, veil, 0.4, 0, dst=picture)
