"""Letters that are no plate: names of models, shop signs, telephone numbers on vans."""

from __future__ import annotations

import cv2
import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth.arrays import as_image
from lpr_training.synth.glyphs import CHARACTERS, Typeface

_FACES = tuple(Typeface(width=0.6, weight=w, seed=s) for w in (0.12, 0.16, 0.2) for s in (1, 2))
_DRAWN = (30, 48)


def letters(
    rng: np.random.Generator,
    picture: Image,
    x: float,
    y: float,
    size: float,
    count: int,
    ink: Float32,
) -> None:
    """``count`` random characters in place, centred at ``x``, their top at ``y``.

    Lengths are in widths of the picture; characters that would not fit are left out.
    """
    height, width = picture.shape[:2]
    pixels = round(size * width)
    if pixels < 4:
        return
    face = _FACES[int(rng.integers(len(_FACES)))]
    step = pixels * 0.75
    left, top = x * width - count * step / 2, round(y * width)
    for i in range(count):
        char = CHARACTERS[int(rng.integers(len(CHARACTERS)))]
        drawn = face.mask(char, *_DRAWN)
        mask = as_image(
            cv2.resize(drawn, (max(round(pixels * 0.62), 2), pixels), interpolation=cv2.INTER_AREA)
        )
        x0 = round(left + i * step)
        x1 = x0 + mask.shape[1]
        if x0 < 0 or top < 0 or x1 > width or top + pixels > height:
            continue
        part = picture[top : top + pixels, x0:x1]
        part[:] = part + (ink - part) * (mask[:, :, None] * np.float32(1 / 255))
