"""Letters of many typefaces, as masks: our stroke glyphs, OpenCV's fonts, and font files.

The world's plates use hundreds of typefaces. The environment variable ``LPR_TYPEFACES`` names a
folder of font files (TTF, OTF, WOFF), such as free condensed and sans-serif ones; without it, only
the built-in faces are used. docs/data.md lists the fonts that the published networks were trained
with. A face is a number: built-in faces first, then the font files in order.
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
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.glyphs.typeface import Typeface

FOLDER = "LPR_TYPEFACES"
HEIGHT = 64
"""Height of a letter's mask, in pixels."""

BUILT_IN = 24
"""Number of built-in faces (our glyphs and OpenCV's fonts); font files are numbered from here."""

_SUFFIXES = {".ttf", ".otf", ".woff", ".woff2"}
_GAP, _SEAL_GAP = 0.35, 0.55  # Width of a separator and of a seal (``*``), in heights of the line

_INK_LEVEL = 40  # Grey level (0..255) above which a column of a font's raster counts as ink
_HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


@cache
def font_files() -> tuple[Path, ...]:
    """The font files in the folder that ``LPR_TYPEFACES`` names, sorted.

    Raises :class:`lpr.errors.LprError` if that is not a folder, or holds no fonts.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return ()
    if not Path(folder).is_dir():
        raise LprError(f"{folder}: not a folder; set {FOLDER} to a folder of font files, or unset")
    fonts = tuple(sorted(f for f in Path(folder).rglob("*") if f.suffix.lower() in _SUFFIXES))
    if not fonts:
        raise LprError(f"{folder}: holds no font files ({', '.join(sorted(_SUFFIXES))})")
    return fonts


@cache
def faces(patterns: tuple[str, ...] = ("*",)) -> tuple[int, ...]:
    """The faces of the font files whose names match one of ``patterns``."""
    return tuple(
        BUILT_IN + number
        for number, file in enumerate(font_files())
        if any(fnmatch(file.stem, pattern) for pattern in patterns)
    )


def choose_face(rng: np.random.Generator, patterns: tuple[str, ...], built_in: float = 0.2) -> int:
    """Choose a built-in face with the probability ``built_in``; else a font file, three times out
    of four one that matches ``patterns``."""
    kind = rng.random()
    if kind < built_in or not font_files():
        return int(rng.integers(BUILT_IN))
    pool = faces(patterns) if kind < built_in + 0.75 * (1 - built_in) else faces()
    pool = pool or faces()
    return pool[int(rng.integers(len(pool)))]


def advance(face: int, symbol: str) -> float:
    """The width of a symbol, in heights of the line."""
    if symbol in " -.*":
        return _GAP if symbol != "*" else _SEAL_GAP
    mask = letter(face, symbol)
    return float(mask.shape[1] / mask.shape[0])


@lru_cache(maxsize=16384)
def letter(face: int, char: str) -> Image:
    """The ink of a character, 0..255, trimmed at its sides; :data:`HEIGHT` pixels reach from the
    cap line to the baseline. Cached, so read-only."""
    if face >= BUILT_IN:
        mask = _from_file(font_files()[face - BUILT_IN], char)
    elif face % 3 == 0 or char not in CHARACTERS:
        rng = np.random.default_rng([face, 7])
        mask = _hershey(_HERSHEY[face // 3 % len(_HERSHEY)], char, int(rng.integers(3, 8)))
    else:
        mask = _from_strokes(face, char)
    mask.flags.writeable = False
    return mask


def _from_strokes(face: int, char: str) -> Image:
    rng = np.random.default_rng([face, 7])
    rng.integers(3, 8)  # Hershey faces draw their thickness here
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
    """A font whose capitals are :data:`HEIGHT` high, with its cap line and baseline."""
    try:
        trial = ImageFont.truetype(str(file), 200)
        _, top, _, base = trial.getbbox("H")
        font = ImageFont.truetype(str(file), max(round(200 * HEIGHT / max(base - top, 1)), 8))
    except OSError as error:
        raise LprError(f"{file}: not a readable font ({error}); remove it") from error
    _, top, _, base = font.getbbox("H")
    return font, int(top), int(base)


def _from_file(file: Path, char: str) -> Image:
    font, top, base = _font(file)
    sheet = Pictures.new("L", (HEIGHT * 3, HEIGHT * 3))
    ImageDraw.Draw(sheet).text((HEIGHT, HEIGHT - top), char, fill=255, font=font)
    mask = np.asarray(sheet)[HEIGHT : HEIGHT + base - top]
    columns = np.flatnonzero(mask.max(axis=0) > _INK_LEVEL)
    if not len(columns):
        return np.zeros((HEIGHT, HEIGHT // 3), np.uint8)
    cut = np.ascontiguousarray(mask[:, columns[0] : columns[-1] + 1])
    return as_image(cv2.resize(cut, (cut.shape[1], HEIGHT), interpolation=cv2.INTER_AREA))
