"""Burnt-in text: what stands where it stood and is drawn, or stays while everything moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lpr.types import Box, Detection, Frame, Image
from lpr.watching.overlays import OverlayFilter, looks_drawn
from tests.cli.run import CAR, lpr
from tests.media import write_video

SIZE = 360, 640
BOX = Box(400, 280, 520, 320)
FPS = 10


def scene(shift: int = 0, seed: int = 0) -> Image:
    """A textured wall, seen by a camera that has turned by ``shift`` pixels."""
    rng = np.random.default_rng(seed)
    wall = cv2.resize(
        rng.integers(40, 200, (30, 100, 3), dtype=np.uint8),
        (2000, 360),
        interpolation=cv2.INTER_AREA,
    )
    return np.ascontiguousarray(wall[:, shift : shift + 640])


def with_label(image: Image, text: str = "CAM 02", box: Box = BOX) -> Image:
    """``image`` with a text in a white box."""
    x0, y0, x1, y1 = map(int, box)
    cv2.rectangle(image, (x0, y0), (x1 - 1, y1 - 1), (255, 255, 255), -1)
    cv2.putText(image, text, (x0 + 8, y1 - 12), cv2.FONT_HERSHEY_DUPLEX, 0.8, (0, 0, 0), 2)
    return image


def with_plate(image: Image, box: Box, noise: int = 0) -> Image:
    """``image`` with a plate as a camera sees one: shaded, blurred and noisy."""
    x0, y0, x1, y1 = map(int, box)
    part = with_label(
        np.zeros((y1 - y0, x1 - x0, 3), np.uint8), "ABC123", Box(0, 0, x1 - x0, y1 - y0)
    )
    shade = np.linspace(0.6, 0.85, x1 - x0)[None, :, None]
    grain = np.random.default_rng(noise).normal(0, 6, part.shape)
    part = np.clip(cv2.GaussianBlur(part, (0, 0), 1.2) * shade + 30 + grain, 0, 255).astype(
        np.uint8
    )
    image[y0:y1, x0:x1] = part
    return image


def kept(frames: list[Image], box: Callable[[int], Box]) -> list[bool]:
    """Whether the detection at ``box(n)`` counts as a plate, frame by frame."""
    overlays = OverlayFilter()
    result = []
    for number, image in enumerate(frames):
        place = box(number)
        found = [Detection(place, place.quad, 0.9)]
        result.append(bool(overlays.plates(Frame(image, "a.mp4", number, number / FPS), found)))
    return result


def test_a_label_that_stands_still_is_no_plate() -> None:
    assert not any(kept([with_label(scene()) for _ in range(30)], lambda n: BOX))


def test_a_parked_cars_plate_is_one() -> None:
    assert all(kept([with_plate(scene(), BOX, n) for n in range(30)], lambda n: BOX))


def test_a_sharp_plate_that_moves_is_one() -> None:
    place = [BOX.moved(-8 * n, -2 * n) for n in range(20)]
    frames = [with_label(scene(), "ABC-123", box) for box in place]
    assert all(kept(frames, lambda n: place[n])[1:])


def test_a_sharp_plate_that_comes_and_stops_is_one() -> None:
    place = [BOX.moved(-8 * max(10 - n, 0), 0) for n in range(30)]
    frames = [with_label(scene(), "ABC-123", box) for box in place]
    assert all(kept(frames, lambda n: place[n])[1:])


def test_what_stays_while_everything_moves_is_no_plate_however_it_looks() -> None:
    frames = [with_plate(scene(10 * n), BOX) for n in range(30)]
    assert not any(kept(frames, lambda n: BOX)[FPS:])


def test_what_shakes_with_the_scene_is_one() -> None:
    frames = [with_plate(scene(10 * n), BOX.moved(2 * (n % 2), n % 3), n) for n in range(30)]
    assert all(kept(frames, lambda n: BOX.moved(2 * (n % 2), n % 3)))


def test_a_label_is_announced_once_when_it_is_certain() -> None:
    overlays = OverlayFilter()
    said = []
    for number in range(30):
        # One frame is disturbed, as after a lost packet.
        image = scene(seed=1) if number == 20 else with_label(scene())
        overlays.plates(
            Frame(image, "a.mp4", number, number / FPS), [Detection(BOX, BOX.quad, 0.9)]
        )
        said.append(len(overlays.take_new()))
    assert said.index(1) == FPS
    assert sum(said) == 1
    assert overlays.take_new(ended=True) == []


def test_a_plate_behind_a_label_is_not_read_there() -> None:
    overlays = OverlayFilter()
    overlays.plates(Frame(with_label(scene()), "a", 0, 0.0), [Detection(BOX, BOX.quad, 0.9)])
    assert overlays.covers(BOX.moved(60, 20))
    assert not overlays.covers(BOX.moved(200, 0))


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (1, 40), (40, 1)])
def test_windows_of_any_size_are_judged(size: tuple[int, int]) -> None:
    assert not looks_drawn(np.zeros((*size, 3), np.uint8))


@pytest.mark.parametrize("scale", [1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.25])
@pytest.mark.parametrize("filtered", [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4])
def test_a_rendered_plate_of_any_size_does_not_look_drawn(scale: float, filtered: int) -> None:
    picture = cv2.imread(str(CAR))
    assert picture is not None
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=filtered)
    x0, y0, x1, y1 = (int(scale * value) for value in (376, 382, 531, 455))
    assert not looks_drawn(np.ascontiguousarray(small[y0:y1, x0:x1]))


def test_a_place_outside_of_the_picture_is_no_overlay() -> None:
    assert all(kept([scene()] * 3, lambda n: Box(-50, -20, -10, -5)))


def film(tmp_path: Path, label: str | None) -> Path:
    """A parked car for 3 s, with noise, and with a label burnt in if it is told."""
    picture = cv2.imread(str(CAR))
    assert picture is not None
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(3 * FPS):
        noisy = picture[:height, :width] + rng.normal(0, 3, (height, width, 3))
        frame = np.clip(noisy, 0, 255).astype(np.uint8)
        frames.append(with_label(frame, label, Box(20, 20, 150, 60)) if label else frame)
    return write_video(tmp_path / "parked.mp4", frames, fps=FPS)


@pytest.mark.parametrize("label", [None, "CAM 02"])
def test_a_watch_reports_the_parked_car_and_not_the_label(
    tmp_path: Path, label: str | None
) -> None:
    parked = film(tmp_path, label)
    (expected,) = [plate["text"] for r in lpr("detect", CAR).records for plate in r["plates"]]
    result = lpr("watch", parked)
    assert [record["text"] for record in result.records] == [expected]
    assert result.stderr.count("is burnt into the picture: ignored") == (1 if label else 0)
