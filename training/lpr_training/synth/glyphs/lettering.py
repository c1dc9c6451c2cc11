"""Lettering outside plates: model names, shop signs, telephone numbers on vans."""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth.arrays import as_image
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.glyphs.typeface import Typeface

_FACES = tuple(Typeface(width=0.6, weight=w, seed=s) for w in (0.12, 0.16, 0.2) for s in (1, 2))
# Width and height at which letters are drawn before they are scaled, in pixels.
_MASK_SIZE = (30, 48)
_MIN_HEIGHT = 4  # Lower letters, in pixels, are not drawn: nothing of them would show


def draw_letters(
    rng: np.random.Generator,
    picture: Image,
    x: float,
    y: float,
    size: float,
    count: int,
    ink: Float32,
) -> None:
    """Draw ``count`` random characters ``size`` high, in place: centred at ``x``, the top at ``y``.

    Lengths are in widths of the picture. Characters that would cross its edge are omitted.
    """
    height, width = picture.shape[:2]
    pixels = round(size * width)
    if pixels < _MIN_HEIGHT:
        return
    face = _FACES[int(rng.integers(len(_FACES)))]
    step = pixels * 0.75
    left, top = x * width - count * step / 2, round(y * width)
    for i in range(count):
        char = CHARACTERS[int(rng.integers(len(CHARACTERS)))]
        drawn = face.mask(char, *_MASK_SIZE)
        mask = as_image(
            cv2.resize(drawn, (max(round(pixels * 0.62), 2), pixels), interpolation=cv2.INTER_AREA)
        )
        x0 = round(left + i * step)
        x1 = x0 + mask.shape[1]
        if x0 < 0 or top < 0 or x1 > width or top + pixels > height:
            continue
        part = picture[top : top + pixels, x0:x1]
        part[:] = part + (ink - part) * (mask[:, :, None] * np.float32(1 / 255))
