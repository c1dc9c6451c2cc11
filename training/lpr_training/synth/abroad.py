"""Plates of no country in particular: Latin letters on grounds of all colours and proportions.

They keep a network from learning that a plate is a white sheet of Taiwan's proportions. Their
texts are random strings, their fittings those of many countries: a band at the side, a caption
above or below, a picture behind the letters, a seal between groups, two lines.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth import marks
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.glyphs import CHARACTERS, Typeface
from lpr_training.synth.plates import PlatePicture, emboss, outline

STYLE = "abroad"

ASPECTS = np.array([1.35, 1.6, 2.0, 2.0, 2.0, 2.6, 3.1, 3.1, 4.0, 4.6, 4.6])
_LINE = 64
_FACES = 24
_HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
# Grounds and inks (BGR) that occur together on plates somewhere.
_SCHEMES: tuple[tuple[tuple[int, int, int], tuple[int, int, int], float], ...] = (
    ((236, 238, 238), (26, 24, 24), 8),
    ((236, 238, 238), (140, 40, 30), 3),
    ((236, 238, 238), (50, 110, 20), 1.5),
    ((236, 238, 238), (40, 30, 170), 1.5),
    ((200, 205, 205), (30, 28, 28), 3),
    ((40, 190, 235), (26, 24, 24), 3),
    ((120, 215, 240), (40, 40, 60), 1.5),
    ((30, 26, 24), (225, 228, 228), 1),
    ((140, 60, 25), (225, 228, 228), 1),
    ((70, 105, 25), (225, 228, 228), 0.7),
    ((40, 30, 160), (225, 228, 228), 0.7),
    ((170, 200, 160), (40, 40, 40), 0.7),
)
_SCHEME_EDGES = np.cumsum([share for _, _, share in _SCHEMES])


def render_abroad(
    rng: np.random.Generator, width: int, aspect: float | None = None, lines: int | None = None
) -> PlatePicture:
    """A plate ``width`` pixels wide; what is not given is random, ``lines`` (1 or 2) too."""
    wanted = float(rng.choice(ASPECTS)) if aspect is None else aspect
    wanted *= float(np.exp(rng.normal(0, 0.04)))
    if lines is None:
        lines = 2 if wanted < 1.75 and rng.random() < 0.8 else 1
    height = max(round(width / wanted), 12)
    place = int(np.searchsorted(_SCHEME_EDGES, rng.random() * _SCHEME_EDGES[-1], side="right"))
    ground, ink, _ = _SCHEMES[min(place, len(_SCHEMES) - 1)]
    sheet = _sheet(rng, np.array(ground, np.float32), width, height)
    left, right, top, bottom = _furnish(rng, sheet, np.array(ink, np.float32), wanted)
    text = _text(rng, lines)
    mask = np.zeros((height, width), np.uint8)
    _write(rng, mask, text, (left, top, right, bottom))
    colour = np.clip(np.array(ink) + rng.normal(0, 10, 3), 0, 255)
    fading = rng.uniform(0.6, 1.0) if rng.random() < 0.2 else 1.0
    share = mask[:, :, None] * np.float32(fading / 255)
    image = as_image(np.clip(sheet + (colour - sheet) * share, 0, 255))
    emboss(rng, image, mask, rng.uniform(0.0, 0.35))
    if rng.random() < 0.6:
        marks.bolts(rng, image, old=False)
    if rng.random() < 0.3:
        marks.frame(rng, image)
    plain = "".join(c for line in text for c in line if c in CHARACTERS)
    shape = outline(height, width)
    return PlatePicture(image, shape, plain, " ".join(text), STYLE, "", ground, ink, lines)


def _text(rng: np.random.Generator, lines: int) -> list[str]:
    """Letters in runs and digits in runs, as most countries have them; a gap between groups."""
    groups = int(rng.integers(2, 4))
    kinds = rng.random(groups) < 0.5
    parts = []
    for letters in kinds:
        pool = CHARACTERS[10:] if letters else CHARACTERS[:10]
        if rng.random() < 0.08:
            pool = CHARACTERS
        size = int(rng.integers(1, 5)) if groups == 2 else int(rng.integers(1, 4))
        parts.append("".join(pool[int(rng.integers(len(pool)))] for _ in range(size)))
    while sum(map(len, parts)) < 4:
        parts[-1] += CHARACTERS[int(rng.integers(36))]
    if lines == 2:
        return [parts[0], "".join(parts[1:])]
    gap = str(rng.choice(["", " ", "-", "."], p=[0.35, 0.35, 0.2, 0.1]))
    return [gap.join(parts)]


def _sheet(rng: np.random.Generator, ground: Float32, width: int, height: int) -> Float32:
    """The ground: plain, shaded into another colour, or with a landscape behind the letters."""
    plain = np.clip(ground + rng.normal(0, 8, 3) + rng.normal(0, 8), 0, 255)
    sheet = np.empty((height, width, 3), np.float32)
    sheet[:] = plain
    kind = rng.random()
    if kind < 0.25:
        other = plain + (rng.uniform(60, 255, 3) - plain) * rng.uniform(0.2, 0.7)
        ramp = np.linspace(1, 0, height, dtype=np.float32) ** rng.uniform(0.5, 3)
        if rng.random() < 0.5:
            ramp = ramp[::-1]
        sheet += (other - plain).astype(np.float32) * ramp[:, None, None]
    elif kind < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            colour = plain + (rng.uniform(40, 255, 3) - plain) * rng.uniform(0.15, 0.5)
            points = rng.uniform(-0.1, 1.1, (5, 2)) * (width, height)
            hull = cv2.convexHull(points.astype(np.int32))
            cv2.fillConvexPoly(sheet, hull, tuple(float(c) for c in colour), cv2.LINE_AA)
        size = max(height // 10, 1) * 2 + 1
        sheet = as_float(cv2.blur(sheet, (size, size)))
    return sheet


def _furnish(
    rng: np.random.Generator, sheet: Float32, ink: Float32, aspect: float
) -> tuple[float, float, float, float]:
    """Draws bands, captions and a rim; returns the room that is left for the text (x0, x1, y0, y1
    in pixels)."""
    height, width = sheet.shape[:2]
    left, right, top, bottom = 0.05 * width, 0.95 * width, 0.12 * height, 0.88 * height
    if aspect > 2.8 and rng.random() < 0.65:
        band = int(rng.uniform(0.07, 0.1) * width)
        blue = np.array([150, 70, 20]) * rng.uniform(0.5, 1.2)
        _band(rng, sheet, 0, band, blue)
        left = band + 0.03 * width
        if rng.random() < 0.25:
            _band(rng, sheet, width - band, width, blue)
            right = width - band - 0.03 * width
    if aspect < 3.6 and rng.random() < 0.6:
        size = rng.uniform(0.12, 0.2) * height
        colour = ink if rng.random() < 0.5 else as_float(rng.uniform(0, 200, 3))
        _caption(rng, sheet, 0.04 * height, size, colour)
        top = 0.08 * height + size
    if aspect < 2.4 and rng.random() < 0.6:
        size = rng.uniform(0.08, 0.15) * height
        colour = ink if rng.random() < 0.5 else as_float(rng.uniform(0, 200, 3))
        _caption(rng, sheet, 0.95 * height - size, size, colour)
        bottom = 0.92 * height - size
    if rng.random() < 0.4:
        inset = max(round(0.015 * width), 1)
        corners = (inset, inset), (width - 1 - inset, height - 1 - inset)
        cv2.rectangle(sheet, *corners, tuple(float(c) for c in ink), max(round(width * 0.01), 1))
    return left, right, top, bottom


def _band(rng: np.random.Generator, sheet: Float32, x0: int, x1: int, colour: Float32) -> None:
    height = sheet.shape[0]
    sheet[:, x0:x1] = colour
    middle, radius = (x0 + x1) // 2, max((x1 - x0) * 0.32, 1)
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        x = round(middle + radius * float(np.cos(angle)))
        y = round(height * 0.3 + radius * float(np.sin(angle)))
        cv2.circle(sheet, (x, y), max(height // 40, 1), (60, 210, 240), -1)
    letter = CHARACTERS[int(rng.integers(10, 36))]
    size = max(round(height * 0.25), 4)
    drawn = _letter(int(rng.integers(_FACES)), letter)
    _stamp(sheet, drawn, middle - size * 0.3, height * 0.62, size * 0.6, size, (235, 235, 235))


def _caption(rng: np.random.Generator, sheet: Float32, y: float, size: float, ink: Float32) -> None:
    """A word, centred: a state's name or a slogan."""
    count = int(rng.integers(4, 15))
    face = int(rng.integers(_FACES))
    step = min(size * 0.85, sheet.shape[1] * 0.8 / count)
    x = (sheet.shape[1] - step * count) / 2
    colour = tuple(float(c) for c in ink)
    for _ in range(count):
        letter = _letter(face, CHARACTERS[int(rng.integers(10, 36))])
        _stamp(sheet, letter, x, y, step * 0.85, size, colour)
        x += step


def _stamp(
    sheet: Float32,
    mask: Image,
    x: float,
    y: float,
    width: float,
    height: float,
    colour: tuple[float, ...],
) -> None:
    w, h = max(round(width), 1), max(round(height), 1)
    x0, y0 = max(round(x), 0), max(round(y), 0)
    part = sheet[y0 : y0 + h, x0 : x0 + w]
    if part.size == 0:
        return
    small = cv2.resize(mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
    part += (np.array(colour, np.float32) - part) * (small[:, :, None] * np.float32(1 / 255))


def _write(
    rng: np.random.Generator,
    mask: Image,
    text: list[str],
    room: tuple[float, float, float, float],
) -> None:
    """The text's ink, as large as the room (x0, y0, x1, y1) allows, its lines below each other."""
    x0, y0, x1, y1 = room
    face = int(rng.integers(_FACES))
    share = (y1 - y0) / len(text)
    for number, line in enumerate(text):
        tall = share * rng.uniform(0.72, 0.95)
        spacing = rng.uniform(0.08, 0.2)
        widths = [_advance(face, symbol) for symbol in line]
        natural = sum(widths) + spacing * (len(line) - 1)
        wide = min((x1 - x0) * rng.uniform(0.9, 1.0), natural * tall * rng.uniform(0.95, 1.25))
        unit = wide / natural
        x = (x0 + x1 - wide) / 2
        y = y0 + share * number + (share - tall) / 2
        for symbol, advance in zip(line, widths, strict=True):
            if symbol in CHARACTERS:
                _ink(mask, _letter(face, symbol), x, y, advance * unit, tall)
            elif symbol in "-.":
                dot = tall * 0.14
                _ink(mask, _FULL, x + advance * unit / 2 - dot / 2, y + tall * 0.43, dot, dot)
            x += (advance + spacing) * unit


_FULL = np.full((4, 4), 255, np.uint8)


def _ink(mask: Image, letter: Image, x: float, y: float, width: float, height: float) -> None:
    w, h = max(round(width), 1), max(round(height), 1)
    part = mask[max(round(y), 0) : round(y) + h, max(round(x), 0) : round(x) + w]
    if part.size == 0:
        return
    small = cv2.resize(letter, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
    part[:] = cv2.max(part, as_image(small))


def _advance(face: int, symbol: str) -> float:
    """A symbol's width in heights of the line."""
    if symbol not in CHARACTERS:
        return 0.35
    letter = _letter(face, symbol)
    return letter.shape[1] / letter.shape[0]


@lru_cache(maxsize=4096)
def _letter(face: int, char: str) -> Image:
    """A character's ink, cut to its box, :data:`_LINE` high; read-only."""
    rng = np.random.default_rng([face, 7])
    if face % 3 == 0:
        letter = _hershey(_HERSHEY[face // 3 % len(_HERSHEY)], char, int(rng.integers(3, 8)))
    else:
        width = float(rng.uniform(0.42, 0.72))
        weight = float(np.clip(width * rng.uniform(0.17, 0.34), 0.08, 0.19))
        drawn = Typeface(width, weight, 0.02, bool(rng.random() < 0.7), int(rng.integers(1, 9)))
        wide = 0.4 if char in "1I" else 1.0
        letter = drawn.mask(char, round(width * _LINE * wide), _LINE).copy()
    letter.flags.writeable = False
    return letter


def _hershey(font: int, char: str, thick: int) -> Image:
    canvas = np.zeros((128, 128), np.uint8)
    cv2.putText(canvas, char, (20, 90), font, 2.6, 255, thick, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(canvas)
    cut = canvas[y : y + h, x : x + w]
    wide = max(round(w * _LINE / h * 0.85), 2)
    return as_image(cv2.resize(cut, (wide, _LINE), interpolation=cv2.INTER_AREA))
