"""Renders simple vehicles, from behind or in front, with a place for the plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lpr.types import Float32, Image
from lpr_training.synth.glyphs.lettering import draw_letters
from lpr_training.synth.scenes.backgrounds import paint
from lpr_training.synth.scenes.painter import Paint, Painter, shade

_TYRE = np.array([28, 27, 27], np.float32)
_DARK = np.array([22, 21, 20], np.float32)
_GLASS_TOP = np.array([92, 82, 74], np.float32)
_GLASS = np.array([40, 34, 30], np.float32)
_CHROME = np.array([190, 188, 186], np.float32)
_LAMP = np.array([225, 230, 235], np.float32)
_RED = np.array([30, 24, 170], np.float32)


@dataclass(frozen=True, slots=True)
class VehiclePicture:
    """A vehicle that stands on the picture's lower edge."""

    image: Image  # BGR, ``H x W x 3``
    mask: Image  # ``H x W``: the vehicle's opacity, 0..255
    plate: Float32  # The plate's corners (``4 x 2``, pixels)
    styles: tuple[str, ...]  # Names of the plate styles that it may have


def render_vehicle(rng: np.random.Generator, kind: str, width: int) -> VehiclePicture:
    """Render a vehicle ``width`` pixels wide; ``kind`` is a key of :data:`KINDS`."""
    return KINDS[kind](rng, width)


def _picture(
    brush: Painter, y: float, wide: float, aspect: float, styles: tuple[str, ...]
) -> VehiclePicture:
    """The painted vehicle, with its plate in the middle at the height ``y``."""
    a, b = wide / 2, wide / 2 / aspect
    corners = np.array([[0.5 - a, y - b], [0.5 + a, y - b], [0.5 + a, y + b], [0.5 - a, y + b]])
    plate = (corners * brush.mask.shape[1]).astype(np.float32)
    return VehiclePicture(brush.image, brush.mask, plate, styles)


def _car(rng: np.random.Generator, width: int) -> VehiclePicture:
    tall = rng.uniform(0.74, 0.9)
    brush = Painter(width, round(width * tall))
    colour = paint(rng)
    rear = rng.random() < 0.55
    belt, sill = tall * rng.uniform(0.38, 0.44), tall * 0.88
    _wheels(brush, tall)
    _cabin(rng, brush, colour, belt)
    body = [(0.03, belt + 0.10), (0.07, belt + 0.02), (0.14, belt - 0.01), (0.86, belt - 0.01),
            (0.93, belt + 0.02), (0.97, belt + 0.10), (0.985, sill - 0.06), (0.96, sill),
            (0.04, sill), (0.015, sill - 0.06)]  # fmt: skip
    brush.polygon(body, shade(colour, 1.12), shade(colour, 0.6))
    brush.polygon([(0.06, belt + 0.03), (0.94, belt + 0.03), (0.95, belt + 0.055),
                   (0.05, belt + 0.055)], shade(colour, 1.3), shade(colour, 1.05))  # fmt: skip
    brush.rectangle(0.5, sill + 0.01, 0.86, 0.05, _DARK, shade(_DARK, 0.6), 0.02)
    bumper = belt + (sill - belt) * rng.uniform(0.58, 0.66)
    brush.line([(0.03, bumper), (0.97, bumper)], shade(colour, 0.45), 0.006)
    brush.line([(0.03, bumper + 0.008), (0.97, bumper + 0.008)], shade(colour, 1.25), 0.004)
    plate_y = (_car_rear if rear else _car_front)(rng, brush, colour, belt, bumper, sill)
    wide = rng.uniform(0.2, 0.23)
    recess = shade(colour, 0.5), shade(colour, 0.7)
    brush.rectangle(0.5, plate_y, wide * 1.25, wide * 0.52, *recess, 0.01)
    styles = ("car", "car", "car", "rental", "taxi", "electric", "old-car", "old-car-place")
    return _picture(brush, plate_y, wide, 2.375, styles)


def _cabin(rng: np.random.Generator, brush: Painter, colour: Paint, belt: float) -> None:
    top = rng.uniform(0.16, 0.22)
    brush.polygon([(0.1, belt + 0.02), (top, 0.03), (top + 0.06, 0.0), (0.94 - top, 0.0),
                   (1 - top, 0.03), (0.9, belt + 0.02)], shade(colour, 1.1),
                  shade(colour, 0.8))  # fmt: skip
    brush.polygon([(0.15, belt - 0.01), (top + 0.035, 0.045), (0.965 - top, 0.045),
                   (0.85, belt - 0.01)], _GLASS_TOP, _GLASS)  # fmt: skip
    glare = rng.uniform(0.2, 0.7)
    reflection = [(glare, 0.06), (glare + 0.08, 0.06), (glare + 0.02, belt - 0.03),
                  (glare - 0.06, belt - 0.03)]  # fmt: skip
    brush.polygon(reflection, shade(_GLASS_TOP, 1.15), shade(_GLASS, 1.2))
    for x in (0.035, 0.965):
        brush.ellipse(x, belt - 0.02, 0.035, 0.03, shade(colour, 1.1), shade(colour, 0.6))


def _wheels(brush: Painter, tall: float) -> None:
    for x in (0.14, 0.86):
        brush.rectangle(x, tall - 0.1, 0.14, 0.19, _TYRE, shade(_TYRE, 0.5), 0.04)


def _car_rear(
    rng: np.random.Generator, brush: Painter, colour: Paint, belt: float, bumper: float, sill: float
) -> float:
    size = rng.uniform(0.10, 0.2)
    for side in (-1, 1):
        x = 0.5 + side * (0.47 - size / 2)
        brush.polygon([(x - side * size / 2, belt + 0.075), (x + side * size / 2, belt + 0.06),
                       (x + side * size / 2, belt + 0.17), (x - side * size / 2, belt + 0.14)],
                      shade(_RED, 1.2), shade(_RED, 0.6))  # fmt: skip
        brush.rectangle(x, belt + 0.125, size * 0.7, 0.025, shade(_LAMP, 0.8), shade(_LAMP, 0.6))
        brush.rectangle(0.5 + side * 0.4, (bumper + sill) / 2, 0.08, 0.02, shade(_RED, 0.8))
    brush.ellipse(0.5, belt + 0.07, 0.022, 0.022, _CHROME, shade(_CHROME, 0.6))
    draw_letters(rng, brush.image, 0.24, belt + 0.19, 0.024, int(rng.integers(2, 9)), _CHROME)
    draw_letters(rng, brush.image, 0.72, belt + 0.19, 0.024, int(rng.integers(2, 9)), _CHROME)
    return belt + (bumper - belt) * 0.68 if rng.random() < 0.6 else (bumper + sill) / 2 + 0.005


def _car_front(
    rng: np.random.Generator, brush: Painter, colour: Paint, belt: float, bumper: float, sill: float
) -> float:
    tall = (bumper - belt) * rng.uniform(0.4, 0.6)
    middle = belt + 0.06 + tall / 2
    brush.rectangle(0.5, middle, rng.uniform(0.4, 0.54), tall, _DARK, shade(_DARK, 1.6), 0.03)
    for y in np.linspace(middle - tall * 0.35, middle + tall * 0.35, int(rng.integers(3, 7))):
        brush.line([(0.28, float(y)), (0.72, float(y))], shade(_CHROME, 0.55), 0.006)
    brush.ellipse(0.5, middle, 0.03, 0.03, _CHROME, shade(_CHROME, 0.7))
    for side in (-1, 1):
        x = 0.5 + side * 0.37
        brush.ellipse(x, middle, 0.1, 0.045, shade(_CHROME, 0.7), _DARK)
        brush.ellipse(x - side * 0.02, middle, 0.04, 0.036, _LAMP, shade(_LAMP, 0.8))
        brush.ellipse(x, (bumper + sill) / 2, 0.04, 0.025, _DARK, shade(_LAMP, 0.6))
    brush.rectangle(0.5, sill - 0.045, 0.5, 0.05, _DARK, shade(_DARK, 1.3), 0.02)
    return (bumper + sill) / 2 - 0.012


def _scooter(rng: np.random.Generator, width: int) -> VehiclePicture:
    tall = rng.uniform(1.55, 1.75)
    brush = Painter(width, round(width * tall))
    colour = paint(rng)
    seat = tall * rng.uniform(0.46, 0.5)
    if rng.random() < 0.6:
        _rider(rng, brush, seat, tall)
    brush.line([(0.12, seat - 0.22), (0.3, seat - 0.02)], _DARK, 0.03)
    brush.line([(0.88, seat - 0.22), (0.7, seat - 0.02)], _DARK, 0.03)
    for x in (0.1, 0.9):
        brush.ellipse(x, seat - 0.26, 0.09, 0.06, shade(_DARK, 1.5), _DARK)
    brush.rectangle(0.5, tall - 0.27, 0.2, 0.54, _TYRE, shade(_TYRE, 0.6), 0.08)
    brush.rectangle(0.8, tall - 0.3, 0.15, 0.13, shade(_CHROME, 0.6), shade(_CHROME, 0.25), 0.06)
    body = [(0.3, seat - 0.05), (0.7, seat - 0.05), (0.76, seat + 0.1), (0.7, seat + 0.3),
            (0.58, seat + 0.42), (0.42, seat + 0.42), (0.3, seat + 0.3),
            (0.24, seat + 0.1)]  # fmt: skip
    brush.polygon(body, shade(colour, 1.2), shade(colour, 0.55))
    brush.ellipse(0.5, seat - 0.04, 0.23, 0.06, shade(_DARK, 1.6), _DARK)
    lamp = seat + 0.13
    brush.rectangle(0.5, lamp, 0.34, 0.1, shade(_RED, 1.25), shade(_RED, 0.7), 0.04)
    for side in (-1, 1):
        amber = np.array([30, 120, 220], np.float32)
        brush.ellipse(0.5 + side * 0.23, lamp + 0.01, 0.05, 0.045, amber, shade(amber, 0.6))
    plate_y = seat + rng.uniform(0.37, 0.42)
    brush.polygon([(0.38, lamp + 0.06), (0.62, lamp + 0.06), (0.68, plate_y + 0.16),
                   (0.32, plate_y + 0.16)], shade(_DARK, 1.3), _DARK)  # fmt: skip
    brush.rectangle(0.5, plate_y + 0.2, 0.12, 0.035, shade(_RED, 1.0), shade(_RED, 0.7))
    styles = ("motorcycle",) * 4 + (
        "old-motorcycle", "old-motorcycle", "old-motorcycle-place", "electric", "old-green",
        "light-motorcycle", "heavy-yellow", "heavy-red",
    )  # fmt: skip
    return _picture(brush, plate_y, rng.uniform(0.36, 0.44), 1.857, styles)


def _rider(rng: np.random.Generator, brush: Painter, seat: float, tall: float) -> None:
    jacket, trousers, helmet = paint(rng), paint(rng), paint(rng)
    shoulder = 0.42
    for side in (-1, 1):
        brush.line([(0.5 + side * 0.18, seat), (0.5 + side * 0.3, seat + 0.25),
                    (0.5 + side * 0.27, tall - 0.2)], shade(trousers, 0.8), 0.13)  # fmt: skip
        brush.line([(0.5 + side * 0.22, shoulder + 0.06), (0.5 + side * 0.38, seat - 0.2),
                    (0.5 + side * 0.33, seat - 0.1)], shade(jacket, 0.85), 0.12)  # fmt: skip
    brush.polygon([(0.27, shoulder), (0.38, shoulder - 0.06), (0.62, shoulder - 0.06),
                   (0.73, shoulder), (0.7, seat), (0.3, seat)], shade(jacket, 1.1),
                  shade(jacket, 0.7))  # fmt: skip
    brush.ellipse(0.5, 0.2, 0.17, 0.19, shade(helmet, 1.2), shade(helmet, 0.6))
    brush.rectangle(0.5, 0.31, 0.24, 0.05, shade(helmet, 0.5), shade(helmet, 0.4), 0.02)


def _van(rng: np.random.Generator, width: int) -> VehiclePicture:
    tall = rng.uniform(1.0, 1.25)
    brush = Painter(width, round(width * tall))
    colour = paint(rng)
    _wheels(brush, tall)
    sill = tall * 0.92
    brush.rectangle(0.5, sill / 2, 0.94, sill, shade(colour, 1.1), shade(colour, 0.7), 0.05)
    glass = tall * rng.uniform(0.14, 0.3)
    brush.rectangle(0.5, 0.1 + glass / 2, 0.8, glass, _GLASS_TOP, _GLASS, 0.02)
    brush.line([(0.5, 0.05), (0.5, sill - 0.1)], shade(colour, 0.5), 0.006)
    lettering = shade(paint(rng), 1.0)
    for row in range(int(rng.integers(0, 3))):
        top, size = glass + 0.2 + row * 0.1, rng.uniform(0.04, 0.07)
        draw_letters(rng, brush.image, 0.5, top, size, int(rng.integers(2, 9)), lettering)
    for side in (-1, 1):
        x = 0.5 + side * 0.43
        brush.rectangle(x, sill - 0.27, 0.06, 0.2, shade(_RED, 1.2), shade(_RED, 0.7), 0.015)
        brush.rectangle(x, sill - 0.2, 0.05, 0.04, _LAMP, shade(_LAMP, 0.7))
    brush.rectangle(0.5, sill - 0.05, 0.96, 0.09, shade(_DARK, 1.8), _DARK, 0.02)
    plate_y = sill - rng.choice([0.17, 0.16, 0.06])
    brush.rectangle(0.5, plate_y, 0.25, 0.11, shade(_DARK, 1.5), shade(_DARK, 2.0), 0.01)
    styles = ("car", "truck", "private-truck", "old-truck", "old-private-truck", "coach",
              "old-taxi", "old-coach", "trailer", "old-trailer")  # fmt: skip
    return _picture(brush, plate_y, rng.uniform(0.18, 0.21), 2.3, styles)


KINDS = {"car": _car, "scooter": _scooter, "van": _van}
"""The kinds of vehicles, and their renderers."""
