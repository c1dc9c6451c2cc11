"""Renders a country's plate in a fronto-parallel view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from lpr.types import Image
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.glyphs.typeface import Typeface
from lpr_training.synth.plates import fittings
from lpr_training.synth.plates.countries import TAIWANS, Country
from lpr_training.synth.styles import BLACK, WHITE, Colour, Style

WIDTH = 400
"""Default width of a rendered plate, in pixels."""

_STRIP = 96  # Height at which a line of text is drawn before it is scaled, in pixels
# Minimum width, in pixels, of a plate that may lose most of its paint: on a narrower one, the
# relief alone is illegible.
_MIN_BARE_WIDTH = 200
# Character widths of the typefaces, as fractions of the character height; few, so that glyphs can
# be cached.
_FACE_WIDTHS = (0.35, 0.38, 0.42, 0.46, 0.5, 0.54)
_FACES = 6  # Number of typefaces per width


@dataclass(frozen=True, slots=True)
class PlatePicture:
    """A rendered plate and its labels."""

    image: Image  # BGR, ``H x W x 3``
    mask: Image  # ``H x W``: 255 on the plate, 0 outside its rounded corners
    text: str  # The text without separators, ``A-Z0-9``
    display: str  # The text with separators
    style: str
    region: str = "tw"  # A region's code, or empty for a plate of no particular country
    ground: Colour = WHITE
    ink: Colour = BLACK
    lines: int = 1  # 1 or 2


def render_plate(
    rng: np.random.Generator,
    text: str | None = None,
    style: str | None = None,
    width: int = WIDTH,
    fresh: bool = False,
    country: Country = TAIWANS,
) -> PlatePicture:
    """Render a ``country``'s plate, ``width`` pixels wide; text and style are random if None.

    A ``fresh`` plate has intact paint, no sticker and no holder. Raises ``ValueError`` for an empty
    text or one with characters other than ``A-Z0-9``, and ``KeyError`` for an unknown style.
    """
    if text is not None and (not text or set(text) - set(CHARACTERS)):
        raise ValueError(f"a plate's text may contain only A-Z and 0-9, not {text!r}")
    kind, pattern = country.choose(rng, text, style)
    if text is None:
        text = country.random_text(rng, pattern, kind.prefixes if rng.random() < 0.5 else "")
    display = _separate(text, pattern)

    size = kind.sizes[int(rng.integers(len(kind.sizes)))]
    height = round(width * size[1] / size[0] * rng.uniform(0.97, 1.03))
    ink = _ink_mask(rng, kind, display, height, width)
    image = _paint(rng, kind, ink, fresh)
    _draw_fittings(rng, kind, image, fresh)
    mask, region = outline(height, width), country.region.code
    return PlatePicture(image, mask, text, display, kind.name, region, kind.plate, kind.ink)


def _separate(text: str, pattern: str) -> str:
    characters = iter(text)
    return "".join(next(characters) if s in "A9" else s if s == " " else "-" for s in pattern)


def _ink_mask(
    rng: np.random.Generator, kind: Style, display: str, height: int, width: int
) -> Image:
    """The text's ink on the whole plate, 0..255."""
    characters = sum(map(str.isalnum, display))
    tall = height * rng.uniform(0.47, 0.58)
    wide = width * (rng.uniform(0.86, 0.94) if characters > 5 else rng.uniform(0.7, 0.9))
    spacing = rng.uniform(0.07, 0.13) if not kind.old else rng.uniform(0.08, 0.15)
    separator = rng.uniform(0.26, 0.34)
    separators = max(len(display) - characters, 1)
    space = wide / tall - spacing * (characters - 1) - separator * separators
    face_width = min(max(space / characters, _FACE_WIDTHS[0]), _FACE_WIDTHS[-1])
    nearest = int(np.argmin([abs(w - face_width) for w in _FACE_WIDTHS]))
    face = _typeface(nearest, int(rng.integers(_FACES)), kind.old)

    strip = _strip(face, display, spacing, separator, dot=rng.random() < 0.8)
    natural = strip.shape[1] / _STRIP * tall
    wide = min(wide, natural * 1.12)
    box = cv2.resize(strip, (round(wide), round(tall)), interpolation=cv2.INTER_AREA)
    ink = np.zeros((height, width), np.uint8)
    below = 0.56 if kind.caption or kind.old else 0.53
    middle = height * (below + rng.normal(0, 0.012))
    y = int(min(max(middle - box.shape[0] / 2, 0), height - box.shape[0]))
    x = int((width - box.shape[1]) / 2 + rng.normal(0, width * 0.005))
    x = min(max(x, 0), width - box.shape[1])
    ink[y : y + box.shape[0], x : x + box.shape[1]] = box
    return ink


@lru_cache(maxsize=256)
def _typeface(width: int, variant: int, old: bool) -> Typeface:
    rng = np.random.default_rng([width, variant, old])
    return Typeface(
        width=_FACE_WIDTHS[width],
        # Old plates sometimes have thin strokes, which blur affects more.
        weight=min(_FACE_WIDTHS[width] * float(rng.uniform(0.18 if old else 0.25, 0.33)), 0.16),
        wobble=0.012 if variant else 0.0,
        old=old if variant else not old,
        seed=variant // 2,
    )


def _strip(face: Typeface, display: str, spacing: float, separator: float, dot: bool) -> Image:
    """The ink of a line of text, :data:`_STRIP` pixels high."""
    empty = np.zeros((_STRIP, round(spacing * _STRIP)), np.uint8)
    wide, half = round(separator * _STRIP), face.weight * _STRIP / 2
    gaps = {symbol: np.zeros((_STRIP, wide), np.uint8) for symbol in " -"}
    reach = half if dot else wide * 0.3
    y0, y1 = round(_STRIP * 0.49 - half), round(_STRIP * 0.49 + half)
    gaps["-"][y0:y1, round(wide / 2 - reach) : round(wide / 2 + reach)] = 255
    parts: list[Image] = []
    for char in display:
        if char in gaps:
            parts[-1:] = [gaps[char]]
        else:
            parts += [face.mask(char, round(face.width * _STRIP), _STRIP), empty]
    return np.hstack(parts[:-1])


def _paint(rng: np.random.Generator, kind: Style, ink: Image, fresh: bool) -> Image:
    """The plate in its colours: sheet, ink, and embossing."""
    sheet = np.clip(np.array(kind.plate) + rng.normal(0, 6, 3) + rng.normal(0, 6), 0, 255)
    fading, relief = rng.uniform(0, 0.1), rng.uniform(0.05, 0.35)
    if not fresh and rng.random() < 0.3:
        fading = rng.uniform(0, 0.35)
    if not fresh and rng.random() < 0.12:
        ink = _worn(rng, ink)
    if not fresh and ink.shape[1] >= _MIN_BARE_WIDTH and rng.random() < 0.04:
        # With most of the paint gone, the embossing carries the text.
        fading, relief = rng.uniform(0.6, 0.85), rng.uniform(0.5, 0.9)
    colour = np.array(kind.ink) * (1 - fading) + sheet * fading + rng.normal(0, 5, 3)
    ramp = np.rint(np.linspace(sheet, np.clip(colour, 0, 255), 256)).astype(np.uint8)
    image = as_image(cv2.applyColorMap(ink, ramp[:, None]))
    emboss(rng, image, ink, relief)
    return image


def _worn(rng: np.random.Generator, ink: Image) -> Image:
    """Ink that has worn off in patches."""
    coarse = rng.uniform(0.15, 1.3, (5, 12)).astype(np.float32)
    fine = rng.uniform(0.6, 1.2, (24, 64)).astype(np.float32)
    size = (ink.shape[1], ink.shape[0])
    wear = as_float(cv2.resize(coarse, size)) * as_float(cv2.resize(fine, size))
    return as_image(np.clip(ink * np.minimum(wear, 1), 0, 255))


def emboss(rng: np.random.Generator, image: Image, ink: Image, strength: float) -> None:
    """Draw light and dark edges, in place, where the characters and the rim are embossed;
    ``strength`` is 0..1."""
    height, width = ink.shape
    relief = cv2.max(ink, _rim(height, width)) if rng.random() < 0.8 else ink
    relief = cv2.blur(relief, (3, 3))
    dx, dy = int(rng.integers(-2, 3)), int(rng.choice([-2, 2]))
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    moved = cv2.warpAffine(relief, shift, (width, height), flags=cv2.INTER_NEAREST)
    keep = cv2.convertScaleAbs(cv2.bitwise_not(ink), alpha=strength)
    light = cv2.multiply(cv2.subtract(moved, relief), keep, scale=1 / 255)
    dark = cv2.multiply(cv2.subtract(relief, moved), keep, scale=1 / 255)
    cv2.add(image, cv2.merge([light] * 3), dst=image)
    cv2.subtract(image, cv2.merge([dark] * 3), dst=image)


@lru_cache(maxsize=64)
def _rim(height: int, width: int) -> Image:
    rim = np.zeros((height, width), np.uint8)
    inset, radius = round(width * 0.016), round(width * 0.035)
    _round_rectangle(rim, inset, radius, 255)
    inner = round(width * 0.012)
    _round_rectangle(rim, inset + inner, radius - inner, 0)
    rim.flags.writeable = False
    return rim


@lru_cache(maxsize=64)
def outline(height: int, width: int) -> Image:
    """A plate's shape with rounded, anti-aliased corners: ``height x width``, 0..255. It is cached,
    so read-only."""
    mask = np.zeros((height, width), np.uint8)
    _round_rectangle(mask, 0, round(width * 0.032), 255)
    mask.flags.writeable = False
    return mask


def _round_rectangle(picture: Image, inset: int, radius: int, value: int) -> None:
    height, width = picture.shape
    x0, y0, x1, y1 = inset, inset, width - 1 - inset, height - 1 - inset
    cv2.rectangle(picture, (x0 + radius, y0), (x1 - radius, y1), value, -1)
    cv2.rectangle(picture, (x0, y0 + radius), (x1, y1 - radius), value, -1)
    for x in (x0 + radius, x1 - radius):
        for y in (y0 + radius, y1 - radius):
            cv2.circle(picture, (x, y), radius, value, -1, cv2.LINE_AA)


def _draw_fittings(rng: np.random.Generator, kind: Style, image: Image, fresh: bool) -> None:
    if kind.caption and rng.random() < 0.9:
        ink = (60, 120, 60) if kind.caption == "electric" else kind.ink
        fittings.caption(rng, image, ink, wide=kind.caption == "place")
    if kind.blossoms and not kind.old and rng.random() < 0.8:
        fittings.flowers(rng, image)
    if kind.band:
        fittings.band(rng, image, kind.band)
    fittings.bolts(rng, image, kind.old)
    if not fresh and rng.random() < 0.4:
        fittings.sticker(rng, image)
    if not fresh and rng.random() < 0.12:
        fittings.frame(rng, image)
