"""Letters in many typefaces, as masks: our own glyphs, OpenCV's, and those of font files.

Plates of the world are lettered in hundreds of typefaces. The environment variable
``LPR_TYPEFACES`` names a folder of font files (TTF, OTF, WOFF), any free ones of condensed and
plain faces; without it there are our own and OpenCV's alone. docs/data.md lists the files that the
published networks were trained with.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from lpr.errors import LprError
from lpr.types import Image
from lpr_training.synth.arrays import as_image
from lpr_training.synth.glyphs import CHARACTERS, Typeface

FOLDER = "LPR_TYPEFACES"
HEIGHT = 64
"""Of a letter's mask, in pixels."""

OWN = 24
"""Faces of our own glyphs and OpenCV's: their numbers are below it, those of files from it on."""

_ENDINGS = {".ttf", ".otf", ".woff", ".woff2"}
_GAP = 0.35
_HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


@cache
def files() -> tuple[Path, ...]:
    """The font files of ``LPR_TYPEFACES``, sorted.

    Raises :class:`lpr.errors.LprError` where that is no folder, or holds none.
    """
    named = os.environ.get(FOLDER)
    if not named:
        return ()
    if not Path(named).is_dir():
        raise LprError(f"{named}: no folder; {FOLDER} names one of font files, or is not set")
    found = tuple(sorted(f for f in Path(named).rglob("*") if f.suffix.lower() in _ENDINGS))
    if not found:
        raise LprError(f"{named}: holds no font files ({', '.join(sorted(_ENDINGS))})")
    return found


@cache
def faces(patterns: tuple[str, ...] = ("*",)) -> tuple[int, ...]:
    """The numbers of the files whose names match one of ``patterns``."""
    return tuple(
        OWN + number
        for number, file in enumerate(files())
        if any(fnmatch(file.stem, pattern) for pattern in patterns)
    )


def choose(rng: np.random.Generator, patterns: tuple[str, ...], own: float = 0.2) -> int:
    """A face that matches ``patterns`` in most cases, one of our own with the odds of ``own``, and
    now and then any."""
    kind = rng.random()
    if kind < own or not files():
        return int(rng.integers(OWN))
    pool = faces(patterns) if kind < own + 0.75 * (1 - own) else faces()
    pool = pool or faces()
    return pool[int(rng.integers(len(pool)))]


def advance(face: int, symbol: str) -> float:
    """A symbol's width in heights of the line."""
    if symbol in " -.*":
        return _GAP if symbol != "*" else 0.55
    mask = letter(face, symbol)
    return float(mask.shape[1] / mask.shape[0])


@lru_cache(maxsize=16384)
def letter(face: int, char: str) -> Image:
    """A character's ink, cut to its sides, :data:`HEIGHT` high from a capital's top to the base
    line; read-only."""
    if face >= OWN:
        mask = _from_file(files()[face - OWN], char)
    elif face % 3 == 0 or char not in CHARACTERS:
        rng = np.random.default_rng([face, 7])
        mask = _hershey(_HERSHEY[face // 3 % len(_HERSHEY)], char, int(rng.integers(3, 8)))
    else:
        mask = _own(face, char)
    mask.flags.writeable = False
    return mask


def _own(face: int, char: str) -> Image:
    rng = np.random.default_rng([face, 7])
    rng.integers(3, 8)
    width = float(rng.uniform(0.42, 0.72))
    weight = float(np.clip(width * rng.uniform(0.17, 0.34), 0.08, 0.19))
    drawn = Typeface(width, weight, 0.02, bool(rng.random() < 0.7), int(rng.integers(1, 9)))
    wide = 0.4 if char in "1I" else 1.0
    return np.array(drawn.mask(char, round(width * HEIGHT * wide), HEIGHT))


def _hershey(font: int, char: str, thick: int) -> Image:
    canvas = np.zeros((128, 128), np.uint8)
    cv2.putText(canvas, char, (20, 90), font, 2.6, 255, thick, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(canvas)
    if not w:
        return np.zeros((HEIGHT, HEIGHT // 3), np.uint8)
    cut = canvas[y : y + h, x : x + w]
    wide = max(round(w * HEIGHT / h * 0.85), 2)
    return as_image(cv2.resize(cut, (wide, HEIGHT), interpolation=cv2.INTER_AREA))


@lru_cache(maxsize=512)
def _font(file: Path) -> tuple[ImageFont.FreeTypeFont, int, int]:
    """The font at a size at which capitals are :data:`HEIGHT` high, their top and base line."""
    try:
        trial = ImageFont.truetype(str(file), 200)
        _, top, _, base = trial.getbbox("H")
        font = ImageFont.truetype(str(file), max(round(200 * HEIGHT / max(base - top, 1)), 8))
    except OSError as error:
        raise LprError(f"{file}: no font that can be read ({error}); take it away") from error
    _, top, _, base = font.getbbox("H")
    return font, int(top), int(base)


def _from_file(file: Path, char: str) -> Image:
    font, top, base = _font(file)
    sheet = Pictures.new("L", (HEIGHT * 3, HEIGHT * 3))
    ImageDraw.Draw(sheet).text((HEIGHT, HEIGHT - top), char, fill=255, font=font)
    mask = np.asarray(sheet)[HEIGHT : HEIGHT + base - top]
    columns = np.flatnonzero(mask.max(axis=0) > 40)
    if not len(columns):
        return np.zeros((HEIGHT, HEIGHT // 3), np.uint8)
    cut = np.ascontiguousarray(mask[:, columns[0] : columns[-1] + 1])
    return as_image(cv2.resize(cut, (cut.shape[1], HEIGHT), interpolation=cv2.INTER_AREA))
