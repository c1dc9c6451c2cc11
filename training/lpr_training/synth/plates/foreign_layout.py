"""A foreign plate's layout, and its rendering: ground, bands, captions, lines of text."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Box, Float32, Image
from lpr_training.synth.arrays import as_float, as_image
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.glyphs.fonts import advance, letter
from lpr_training.synth.plates import fittings
from lpr_training.synth.plates.render import PlatePicture, emboss, outline
from lpr_training.synth.styles import Colour

_FULL = np.full((4, 4), 255, np.uint8)  # A mask that is all ink, for dots and dashes


@dataclass(frozen=True, slots=True)
class Band:
    """A strip along the left or right edge, with letters and perhaps a ring of stars."""

    share: float  # Its width, in widths of the plate
    colour: Colour
    letters: str = ""
    stars: bool = True


@dataclass(frozen=True, slots=True)
class Caption:
    """A small line above or below the text."""

    words: str
    face: int  # A number of :mod:`lpr_training.synth.glyphs.fonts`
    size: float  # Its height, in heights of the plate
    ink: Colour
    ground: Colour | None = None  # Colour of a strip behind it, if any


@dataclass(frozen=True, slots=True)
class Design:
    """The layout of one plate. Colours are BGR, 0..255.

    ``lines`` holds the text: capitals, digits, spaces, ``-`` and ``.`` (drawn as dots), ``*`` (a
    seal). The ground (``picture``) is ``plain``, a ``shade`` into another colour, or a
    ``landscape``.
    """

    region: str
    style: str
    aspect: float  # Width over height
    ground: Colour
    ink: Colour
    lines: tuple[str, ...]
    face: int  # A number of :mod:`lpr_training.synth.glyphs.fonts`
    left: Band | None = None
    right: Band | None = None
    above: Caption | None = None
    below: Caption | None = None
    rim: float = 0.4  # Probability of a painted rim, 0..1
    fill: tuple[float, float] = (0.72, 0.95)  # Range of the text's height, in heights of its space
    picture: str = "plain"
    relief: tuple[float, float] = (0.0, 0.35)  # Range of the embossing's strength, 0..1
    corner_stickers: float = 0.0  # Probability of a sticker in each upper corner, 0..1


def draw(rng: np.random.Generator, width: int, design: Design) -> PlatePicture:
    """Render a design ``width`` pixels wide, with some wear and fittings."""
    height = max(round(width / design.aspect), 12)
    sheet = _sheet(rng, np.array(design.ground, np.float32), width, height, design.picture)
    space = _draw_fittings(rng, sheet, design)
    mask = np.zeros((height, width), np.uint8)
    _write(rng, sheet, mask, design, space)
    colour = np.clip(np.array(design.ink, np.float32) + rng.normal(0, 10, 3), 0, 255)
    fading = rng.uniform(0.6, 1.0) if rng.random() < 0.2 else 1.0
    share = mask[:, :, None] * np.float32(fading / 255)
    image = as_image(np.clip(sheet + (colour - sheet) * share, 0, 255))
    emboss(rng, image, mask, rng.uniform(*design.relief))
    for x in (0.03, 0.83):
        if rng.random() < design.corner_stickers:
            _sticker(rng, image, x + rng.uniform(0, 0.03))
    if rng.random() < 0.6:
        fittings.bolts(rng, image, old=False)
    if rng.random() < 0.3:
        fittings.frame(rng, image)
    text = "".join(c for line in design.lines for c in line if c in CHARACTERS)
    display = " ".join(line.replace("*", " ") for line in design.lines)
    labels = text, display, design.style, design.region, design.ground, design.ink
    return PlatePicture(image, outline(height, width), *labels, len(design.lines))


def _sheet(
    rng: np.random.Generator, ground: Float32, width: int, height: int, picture: str
) -> Float32:
    plain = np.clip(ground + rng.normal(0, 8, 3) + rng.normal(0, 8), 0, 255)
    sheet = np.empty((height, width, 3), np.float32)
    sheet[:] = plain
    if picture == "shade":
        other = plain + (rng.uniform(60, 255, 3) - plain) * rng.uniform(0.2, 0.8)
        ramp = np.linspace(1, 0, height, dtype=np.float32) ** rng.uniform(0.5, 3)
        if rng.random() < 0.5:
            ramp = ramp[::-1]
        sheet += (other - plain).astype(np.float32) * ramp[:, None, None]
    elif picture == "landscape":
        for _ in range(int(rng.integers(1, 5))):
            colour = plain + (rng.uniform(40, 255, 3) - plain) * rng.uniform(0.15, 0.55)
            points = rng.uniform(-0.1, 1.1, (5, 2)) * (width, height)
            hull = cv2.convexHull(points.astype(np.int32))
            cv2.fillConvexPoly(sheet, hull, tuple(float(c) for c in colour), cv2.LINE_AA)
        size = max(height // int(rng.integers(8, 30)), 1) * 2 + 1
        sheet = as_float(cv2.blur(sheet, (size, size)))
    return sheet


def _draw_fittings(rng: np.random.Generator, sheet: Float32, design: Design) -> Box:
    """Draw bands, captions and a rim; return the space left for the text."""
    height, width = sheet.shape[:2]
    left, right, top, bottom = 0.045 * width, 0.955 * width, 0.11 * height, 0.89 * height
    if design.left:
        edge = round(design.left.share * width)
        _band(sheet, 0, edge, design.left)
        left = edge + 0.025 * width
    if design.right:
        edge = width - round(design.right.share * width)
        _band(sheet, edge, width, design.right)
        right = edge - 0.025 * width
    if design.above:
        size = design.above.size * height
        _caption(sheet, 0.045 * height, size, design.above)
        top = 0.085 * height + size
    if design.below:
        size = design.below.size * height
        _caption(sheet, 0.955 * height - size, size, design.below)
        bottom = 0.915 * height - size
    if rng.random() < design.rim:
        inset = max(round(0.015 * width), 1)
        corners = (inset, inset), (width - 1 - inset, height - 1 - inset)
        ink = tuple(float(c) for c in design.ink)
        cv2.rectangle(sheet, *corners, ink, max(round(width * 0.01), 1))
    return Box(left, top, right, bottom)


def _band(sheet: Float32, x0: int, x1: int, band: Band) -> None:
    height = sheet.shape[0]
    sheet[:, x0:x1] = band.colour
    middle, radius = (x0 + x1) // 2, max((x1 - x0) * 0.32, 1)
    if band.stars:
        for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            x = round(middle + radius * float(np.cos(angle)))
            y = round(height * 0.3 + radius * float(np.sin(angle)))
            cv2.circle(sheet, (x, y), max(height // 40, 1), (60, 210, 240), -1)
    size = (x1 - x0) * 0.8 / max(len(band.letters), 1)
    tall = min(size * 1.6, height * 0.28)
    left = middle - size * len(band.letters) / 2
    for char in band.letters:
        _stamp(sheet, letter(1, char), left, height * 0.62, size * 0.85, tall, (235, 235, 235))
        left += size


def _caption(sheet: Float32, y: float, size: float, caption: Caption) -> None:
    """The words, centred, and condensed if they are too long."""
    width = sheet.shape[1]
    if caption.ground is not None:
        y0, y1 = max(round(y - 0.2 * size), 0), round(y + 1.2 * size)
        if y < sheet.shape[0] / 2:
            sheet[:y1] = caption.ground
        else:
            sheet[y0:] = caption.ground
    widths = [advance(caption.face, char) + 0.12 for char in caption.words]
    unit = min(size, width * 0.8 / max(sum(widths), 1e-6))
    x = (width - unit * sum(widths)) / 2
    for char, wide in zip(caption.words, widths, strict=True):
        if char != " ":
            _stamp(sheet, letter(caption.face, char), x, y, (wide - 0.12) * unit, size, caption.ink)
        x += wide * unit


def _stamp(
    sheet: Float32, mask: Image, x: float, y: float, width: float, height: float, colour: Colour
) -> None:
    """Paint a mask in a colour at a place and size in pixels, clipped to the sheet; in place."""
    w, h = max(round(width), 1), max(round(height), 1)
    x0, y0 = max(round(x), 0), max(round(y), 0)
    part = sheet[y0 : y0 + h, x0 : x0 + w]
    if part.size == 0:
        return
    small = cv2.resize(mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
    part += (np.array(colour, np.float32) - part) * (small[:, :, None] * np.float32(1 / 255))


def _write(
    rng: np.random.Generator, sheet: Float32, mask: Image, design: Design, space: Box
) -> None:
    """Draw the text's ink into ``mask``, line by line, as large as the space allows."""
    x0, y0, x1, y1 = space
    face = design.face
    share = (y1 - y0) / len(design.lines)
    for number, line in enumerate(design.lines):
        tall = share * rng.uniform(*design.fill)
        spacing = rng.uniform(0.08, 0.2)
        widths = [advance(face, symbol) for symbol in line]
        natural = sum(widths) + spacing * (len(line) - 1)
        wide = min((x1 - x0) * rng.uniform(0.9, 1.0), natural * tall * rng.uniform(0.95, 1.25))
        unit = wide / natural
        x = (x0 + x1 - wide) / 2
        y = y0 + share * number + (share - tall) / 2
        for symbol, step in zip(line, widths, strict=True):
            if symbol in CHARACTERS:
                _ink(mask, letter(face, symbol), x, y, step * unit, tall)
            elif symbol in "-.":
                dot = tall * (0.14 if symbol == "-" or rng.random() < 0.5 else 0.1)
                drop = 0.43 if symbol == "-" else 0.85
                long = dot * (2.2 if symbol == "-" and rng.random() < 0.5 else 1)
                _ink(mask, _FULL, x + step * unit / 2 - long / 2, y + tall * drop, long, dot)
            elif symbol == "*":
                _seal(rng, sheet, x + step * unit / 2, y + tall * rng.uniform(0.3, 0.7), tall)
            x += (step + spacing) * unit


def _seal(rng: np.random.Generator, sheet: Float32, x: float, y: float, tall: float) -> None:
    """A registration seal, or a small picture, between two groups."""
    radius = max(round(tall * rng.uniform(0.12, 0.24)), 1)
    colour = tuple(float(c) for c in rng.uniform(20, 240, 3))
    inner = tuple(float(c) for c in rng.uniform(20, 240, 3))
    centre = (round(x), round(y))
    if rng.random() < 0.7:
        cv2.circle(sheet, centre, radius, colour, -1, cv2.LINE_AA)
        cv2.circle(sheet, centre, max(radius // 2, 1), inner, -1, cv2.LINE_AA)
    else:
        points = np.array(centre) + rng.normal(0, radius, (6, 2))
        cv2.fillConvexPoly(sheet, cv2.convexHull(points.astype(np.int32)), colour, cv2.LINE_AA)


def _sticker(rng: np.random.Generator, image: Image, x: float) -> None:
    """A coloured sticker with two small digits (a month or a year) in a corner; in place."""
    height, width = image.shape[:2]
    tall, wide = height * rng.uniform(0.1, 0.2), width * rng.uniform(0.08, 0.14)
    y = height * (rng.uniform(0.03, 0.08) if rng.random() < 0.6 else rng.uniform(0.78, 0.84))
    x0, y0, x1, y1 = round(x * width), round(y), round(x * width + wide), round(y + tall)
    colour = tuple(int(c) for c in rng.integers(30, 255, 3))
    cv2.rectangle(image, (x0, y0), (x1, y1), colour, -1)
    part = image[y0 + 1 : y1, x0 + 1 : x1]
    step = max(part.shape[1] // 2, 1)
    for number, char in enumerate(str(rng.integers(10, 30))):
        cell = part[:, number * step : (number + 1) * step]
        if cell.size:
            small = cv2.resize(letter(2, char), (cell.shape[1], cell.shape[0]))
            cell[small > 127] = tuple(int(255 - c) for c in colour)


def _ink(mask: Image, mark: Image, x: float, y: float, width: float, height: float) -> None:
    w, h = max(round(width), 1), max(round(height), 1)
    part = mask[max(round(y), 0) : round(y) + h, max(round(x), 0) : round(x) + w]
    if part.size == 0:
        return
    small = cv2.resize(mark, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
    part[:] = cv2.max(part, as_image(small))
