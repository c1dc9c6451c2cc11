"""Plates from abroad: of some countries as they are, and of no country in particular.

Those of no country keep a network from learning that a plate is a white sheet of certain
proportions: Latin letters on grounds of all colours and proportions, random strings with the
fittings of many countries.
"""

from __future__ import annotations

import numpy as np

from lpr_training.synth.designs import Band, Caption, Design, draw
from lpr_training.synth.faces import choose
from lpr_training.synth.glyphs import CHARACTERS
from lpr_training.synth.markets import MARKETS, market_design
from lpr_training.synth.plates import PlatePicture
from lpr_training.synth.styles import Colour

STYLE = "abroad"
NOWHERE = 0.25
"""The share of plates from abroad that are of no country."""

ASPECTS = np.array([1.35, 1.6, 2.0, 2.0, 2.0, 2.6, 3.1, 3.1, 4.0, 4.6, 4.6])
# Grounds and inks (BGR) that occur together on plates somewhere.
_SCHEMES: tuple[tuple[Colour, Colour, float], ...] = (
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
_BLUE: Colour = (150, 70, 20)


def render_abroad(
    rng: np.random.Generator,
    width: int,
    aspect: float | None = None,
    lines: int | None = None,
    region: str | None = None,
) -> PlatePicture:
    """A plate ``width`` pixels wide; what is not given is random: width over height, the number of
    ``lines`` (1 or 2), and the region's code (one of
    :data:`lpr_training.synth.markets.MARKETS`)."""
    design = None
    if region is not None or rng.random() >= NOWHERE:
        design = market_design(rng, region, lines, aspect)
    return draw(rng, width, design or nowhere(rng, aspect, lines))


def abroad_aspect(rng: np.random.Generator, region: str | None = None) -> float:
    """Width over height of a random plate from abroad, or from the market ``region``."""
    if region is not None:
        market = MARKETS[region]
    elif rng.random() < NOWHERE:
        return float(rng.choice(ASPECTS))
    else:
        shares = np.array([market.share for market in MARKETS.values()])
        market = list(MARKETS.values())[int(rng.choice(len(shares), p=shares / shares.sum()))]
    return float(market.styles[int(rng.integers(len(market.styles)))].aspect)


def nowhere(rng: np.random.Generator, aspect: float | None, lines: int | None) -> Design:
    """A plate of no country in particular."""
    wanted = float(rng.choice(ASPECTS)) if aspect is None else aspect
    wanted *= float(np.exp(rng.normal(0, 0.04)))
    if lines is None:
        lines = 2 if wanted < 1.75 and rng.random() < 0.8 else 1
    place = int(np.searchsorted(_SCHEME_EDGES, rng.random() * _SCHEME_EDGES[-1], side="right"))
    ground, ink, _ = _SCHEMES[min(place, len(_SCHEMES) - 1)]
    kind = rng.random()
    band = wanted > 2.8 and rng.random() < 0.65
    return Design(
        region="",
        style=STYLE,
        aspect=wanted,
        ground=ground,
        ink=ink,
        lines=tuple(_text(rng, lines)),
        face=choose(rng, ("*",), own=0.35),
        left=_random_band(rng) if band else None,
        right=_random_band(rng) if band and rng.random() < 0.25 else None,
        above=_random_caption(rng, ink, 0.12, 0.2) if wanted < 3.6 and rng.random() < 0.6 else None,
        below=_random_caption(rng, ink, 0.08, 0.15)
        if wanted < 2.4 and rng.random() < 0.6
        else None,
        picture="shade" if kind < 0.25 else "landscape" if kind < 0.4 else "plain",
    )


def _random_band(rng: np.random.Generator) -> Band:
    colour = tuple(int(min(c * rng.uniform(0.5, 1.2), 255)) for c in _BLUE)
    letters = CHARACTERS[int(rng.integers(10, 36))]
    return Band(float(rng.uniform(0.07, 0.1)), (colour[0], colour[1], colour[2]), letters)


def _random_caption(rng: np.random.Generator, ink: Colour, low: float, high: float) -> Caption:
    """A word: a state's name or a slogan."""
    count = int(rng.integers(4, 15))
    words = "".join(CHARACTERS[int(rng.integers(10, 36))] for _ in range(count))
    colour = ink
    if rng.random() < 0.5:
        blue, green, red = (int(c) for c in rng.integers(0, 200, 3))
        colour = (blue, green, red)
    return Caption(words, choose(rng, ("*",), own=0.3), float(rng.uniform(low, high)), colour)


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
