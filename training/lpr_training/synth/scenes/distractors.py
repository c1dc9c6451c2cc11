"""Distractors, which detectors mistake for plates: signs, overlays, badges, lamps, grilles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from lpr.types import Box, Image
from lpr_training.synth.arrays import as_image
from lpr_training.synth.glyphs.lettering import draw_letters
from lpr_training.synth.scenes import backgrounds, camera

Distractor: TypeAlias = Callable[[np.random.Generator, Image, Box], None]

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def distract(
    rng: np.random.Generator, picture: Image, avoid: Sequence[Box], overlay: float = 0.3
) -> Image:
    """Return a copy of ``picture`` with one to three distractors, clear of the boxes to ``avoid``,
    and with the probability ``overlay`` a camera's line of text at the edge."""
    copy: Image = picture.copy()
    height, width = picture.shape[:2]
    if rng.random() < overlay:
        _overlay(rng, copy, avoid)
    for _ in range(int(rng.integers(1, 4))):
        wide = width * float(np.exp(rng.uniform(np.log(0.05), np.log(0.35))))
        tall = wide / float(rng.uniform(1.0, 4.0))
        if tall > height * 0.8:
            continue
        x, y = rng.uniform(0, width - wide), rng.uniform(0, height - tall)
        room = Box(x, y, x + wide, y + tall)
        if any(room.intersection(box).area > 0 for box in avoid):
            continue
        drawn = copy.copy()
        _KINDS[int(rng.integers(len(_KINDS)))](rng, drawn, room)
        # Some distractors extend beyond their box.
        if not any(_differ(copy, drawn, box) for box in avoid):
            copy = drawn
    return copy


def render_distractor(rng: np.random.Generator) -> tuple[Image, Box]:
    """Render a photograph of a distractor; return it and the distractor's box."""
    wide = float(np.exp(rng.uniform(np.log(40), np.log(200))))
    tall = wide / float(rng.uniform(1.2, 4.5))
    size = (int(wide * 1.5) + 1, int(tall * 1.5) + 1)
    picture = as_image(backgrounds.bodywork(rng, *size))
    room = Box(wide * 0.25, tall * 0.25, wide * 1.25, tall * 1.25)
    _KINDS[int(rng.integers(len(_KINDS)))](rng, picture, room)
    return camera.photograph(rng, picture, camera.blur_at(wide)), room


def _differ(a: Image, b: Image, box: Box) -> bool:
    part = np.s_[max(int(box.y0), 0) : int(box.y1) + 1, max(int(box.x0), 0) : int(box.x1) + 1]
    return not np.array_equal(a[part], b[part])


def _colour(rng: np.random.Generator, light: bool | None = None) -> tuple[int, int, int]:
    low, high = (0, 256) if light is None else (150, 256) if light else (0, 110)
    blue, green, red = (int(rng.integers(low, high)) for _ in range(3))
    return blue, green, red


def _overlay(rng: np.random.Generator, picture: Image, avoid: Sequence[Box]) -> None:
    """Date, time and a camera's name, as recorders write them into the picture."""
    height, width = picture.shape[:2]
    day = f"{rng.integers(2008, 2030)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    time = f"{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    name = f"CAM{rng.integers(1, 40):02d}"
    line = str(rng.choice([f"{day} {time}", f"{name} {time}", name, f"{day} {name}", time]))
    scale = width / 640 * rng.uniform(0.4, 1.1)
    thick = max(round(scale * rng.uniform(1, 2.5)), 1)
    font = _FONTS[int(rng.integers(len(_FONTS)))]
    (w, h), below = cv2.getTextSize(line, font, scale, thick)
    x = int(rng.choice([4, max(width - w - 4, 0), max((width - w) // 2, 0)]))
    y = int(rng.choice([h + 4, height - below - 4]))
    line_box = Box(x, y - h, x + w, y + below)
    if any(line_box.intersection(box).area > 0 for box in avoid):
        return
    if rng.random() < 0.4:
        cv2.rectangle(picture, (x - 3, y - h - 3), (x + w + 3, y + below), (20, 20, 20), -1)
    elif rng.random() < 0.5:
        cv2.putText(picture, line, (x, y), font, scale, (0, 0, 0), thick + 2, cv2.LINE_AA)
    ink = (240, 240, 240) if rng.random() < 0.7 else (60, 220, 240)
    cv2.putText(picture, line, (x, y), font, scale, ink, thick, cv2.LINE_AA)


def _sign(rng: np.random.Generator, picture: Image, room: Box) -> None:
    """A board with several lines of text."""
    light = rng.random() < 0.5
    x0, y0, x1, y1 = (int(v) for v in room)
    cv2.rectangle(picture, (x0, y0), (x1, y1), _colour(rng, light), -1)
    if rng.random() < 0.5:
        cv2.rectangle(picture, (x0, y0), (x1, y1), _colour(rng, not light), 2)
    rows = int(rng.integers(2, 5))
    font = _FONTS[int(rng.integers(len(_FONTS)))]
    for row in range(rows):
        word = "".join(_CAPITALS[int(rng.integers(26))] for _ in range(int(rng.integers(5, 12))))
        if rng.random() < 0.3:
            word = f"{rng.integers(10**7, 10**8)}{rng.integers(10, 99)}"
        tall = room.height / (rows + 1)
        scale = min(tall / 30, room.width * 0.9 / (len(word) * 19))
        at = (int(room.x0 + room.width * 0.05), int(room.y0 + tall * (row + 1)))
        cv2.putText(picture, word, at, font, max(scale, 0.15), _colour(rng, not light), 1,
                    cv2.LINE_AA)  # fmt: skip


def _disc(rng: np.random.Generator, picture: Image, room: Box) -> None:
    """A round sign with a ring and a number."""
    x, y = (int(v) for v in room.center)
    radius = int(room.height / 2)
    cv2.circle(picture, (x, y), radius, _colour(rng), -1, cv2.LINE_AA)
    cv2.circle(picture, (x, y), max(int(radius * 0.75), 1), _colour(rng, True), -1, cv2.LINE_AA)
    number = str(rng.integers(1, 13) * 10)
    scale = radius / 30
    cv2.putText(picture, number, (int(x - radius * 0.6), int(y + radius * 0.3)), _FONTS[1],
                max(scale, 0.2), _colour(rng, False), max(int(scale), 1), cv2.LINE_AA)  # fmt: skip


def _badge(rng: np.random.Generator, picture: Image, room: Box) -> None:
    """Letters without a ground, as a model's name or a telephone number on a van."""
    width = picture.shape[1]
    count = int(rng.integers(3, 11))
    size = min(room.width / count / 0.75, room.height) / width
    ink = np.array(_colour(rng, bool(rng.random() < 0.6)), np.float32)
    draw_letters(rng, picture, room.center[0] / width, room.y0 / width, size, count, ink)


def _lamp(rng: np.random.Generator, picture: Image, room: Box) -> None:
    """A rectangular or oval patch of light, red, amber or white, with a bright core."""
    x0, y0, x1, y1 = (int(v) for v in room)
    part = picture[y0:y1, x0:x1]
    if part.size == 0:
        return
    colour = ((40, 40, 210), (40, 140, 230), (235, 235, 235))[int(rng.integers(3))]
    base: Image = np.empty_like(part)
    base[:] = colour
    inner = (int((x1 - x0) * 0.5), int((y1 - y0) * 0.5))
    axes = (max(inner[0] // 2, 1), max(inner[1] // 2, 1))
    cv2.ellipse(base, inner, axes, 0, 0, 360, (250, 250, 250), -1)
    size = max(part.shape[0] // 6, 1) * 2 + 1
    base = np.asarray(cv2.blur(base, (size, size)), np.uint8)
    shape = np.zeros(part.shape[:2], np.uint8)
    if rng.random() < 0.5:
        cv2.ellipse(shape, inner, inner, 0, 0, 360, 255, -1, cv2.LINE_AA)
    else:
        shape[:] = 255
    share = shape[:, :, None] * np.float32(rng.uniform(0.7, 1) / 255)
    part[:] = part + (base.astype(np.float32) - part) * share


def _bars(rng: np.random.Generator, picture: Image, room: Box) -> None:
    """A grate or a vent: bars that resemble characters from a distance."""
    x0, y0, x1, y1 = (int(v) for v in room)
    light = bool(rng.random() < 0.5)
    cv2.rectangle(picture, (x0, y0), (x1, y1), _colour(rng, light), -1)
    upright = rng.random() < 0.6
    length = (x1 - x0) if upright else (y1 - y0)
    step = max(int(length / rng.integers(4, 14)), 3)
    ink, thick = _colour(rng, not light), max(step // int(rng.integers(2, 4)), 1)
    for at in range(step // 2, length, step):
        if upright:
            cv2.line(picture, (x0 + at, y0 + 2), (x0 + at, y1 - 2), ink, thick)
        else:
            cv2.line(picture, (x0 + 2, y0 + at), (x1 - 2, y0 + at), ink, thick)


def _blank(rng: np.random.Generator, picture: Image, room: Box) -> None:
    """An empty sheet: a sticker, a reflector, a plate holder without a plate."""
    x0, y0, x1, y1 = (int(v) for v in room)
    cv2.rectangle(picture, (x0, y0), (x1, y1), _colour(rng), -1)
    if rng.random() < 0.5:
        cv2.rectangle(picture, (x0, y0), (x1, y1), _colour(rng), max(int(room.height * 0.08), 1))


_KINDS: tuple[Distractor, ...] = (_sign, _sign, _disc, _badge, _badge, _lamp, _bars, _blank)
