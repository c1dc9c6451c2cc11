"""Foreign plates: those of the markets, and random ones of no particular country.

Random plates keep a network from learning that a plate is a white sheet of certain proportions:
Latin letters on grounds of all colours and proportions, random strings, and fittings of many
countries.
"""

from __future__ import annotations

import numpy as np

from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.glyphs.fonts import choose_face
from lpr_training.synth.plates.foreign_layout import Band, Caption, Design, draw
from lpr_training.synth.plates.foreign_styles import (
    EURO_BLUE,
    MARKETS,
    Scheme,
    market_design,
    varied,
)
from lpr_training.synth.plates.render import PlatePicture
from lpr_training.synth.sampling import choose_weighted, cumulative, random_colour
from lpr_training.synth.styles import BLACK, WHITE, Colour

STYLE = "abroad"
RANDOM_SHARE = 0.25
"""The share of foreign plates that belong to no particular country."""

ASPECTS = np.array([1.35, 1.6, 2.0, 2.0, 2.0, 2.6, 3.1, 3.1, 4.0, 4.6, 4.6])
"""Width over height of random plates, the common ones repeated."""

_SCHEMES: tuple[Scheme, ...] = (
    (WHITE, BLACK, 8), (WHITE, (140, 40, 30), 3), (WHITE, (50, 110, 20), 1.5),
    (WHITE, (40, 30, 170), 1.5), ((200, 205, 205), (30, 28, 28), 3), ((40, 190, 235), BLACK, 3),
    ((120, 215, 240), (40, 40, 60), 1.5), ((30, 26, 24), (225, 228, 228), 1),
    ((140, 60, 25), (225, 228, 228), 1), ((70, 105, 25), (225, 228, 228), 0.7),
    ((40, 30, 160), (225, 228, 228), 0.7), ((170, 200, 160), (40, 40, 40), 0.7),
)  # fmt: skip
_SCHEME_EDGES = cumulative(share for _, _, share in _SCHEMES)


def render_foreign(
    rng: np.random.Generator,
    width: int,
    aspect: float | None = None,
    lines: int | None = None,
    region: str | None = None,
) -> PlatePicture:
    """Render a plate ``width`` pixels wide. Its width over height (``aspect``), its number of
    ``lines`` (1 or 2) and its ``region`` (a key of ``markets.MARKETS``) are random if None."""
    design = None
    if region is not None or rng.random() >= RANDOM_SHARE:
        design = market_design(rng, region, lines, aspect)
    return draw(rng, width, design or _random_design(rng, aspect, lines))


def foreign_aspect(rng: np.random.Generator, region: str | None = None) -> float:
    """Return the width over height of a random foreign plate, or of the market ``region``."""
    if region is not None:
        market = MARKETS[region]
    elif rng.random() < RANDOM_SHARE:
        return float(rng.choice(ASPECTS))
    else:
        shares = np.array([market.share for market in MARKETS.values()])
        market = list(MARKETS.values())[int(rng.choice(len(shares), p=shares / shares.sum()))]
    return float(market.styles[int(rng.integers(len(market.styles)))].aspect)


def _random_design(rng: np.random.Generator, aspect: float | None, lines: int | None) -> Design:
    """A plate of no particular country."""
    aspect = float(rng.choice(ASPECTS)) if aspect is None else aspect
    aspect *= float(np.exp(rng.normal(0, 0.04)))
    if lines is None:
        lines = 2 if aspect < 1.75 and rng.random() < 0.8 else 1
    ground, ink, _ = _SCHEMES[choose_weighted(rng, _SCHEME_EDGES)]
    kind = rng.random()
    band = aspect > 2.8 and rng.random() < 0.65
    return Design(
        region="",
        style=STYLE,
        aspect=aspect,
        ground=ground,
        ink=ink,
        lines=tuple(_text(rng, lines)),
        face=choose_face(rng, ("*",), built_in=0.35),
        left=_random_band(rng) if band else None,
        right=_random_band(rng) if band and rng.random() < 0.25 else None,
        above=_random_caption(rng, ink, 0.12, 0.2, odds=0.6 if aspect < 3.6 else 0),
        below=_random_caption(rng, ink, 0.08, 0.15, odds=0.6 if aspect < 2.4 else 0),
        picture="shade" if kind < 0.25 else "landscape" if kind < 0.4 else "plain",
    )


def _random_band(rng: np.random.Generator) -> Band:
    colour = varied(rng, EURO_BLUE, 0.5, 1.2)
    letters = CHARACTERS[int(rng.integers(10, 36))]
    return Band(float(rng.uniform(0.07, 0.1)), colour, letters)


def _random_caption(
    rng: np.random.Generator, ink: Colour, low: float, high: float, odds: float
) -> Caption | None:
    """A word, ``low`` to ``high`` of the plate's height, like a state's name or a slogan; or None,
    with the probability ``1 - odds``."""
    if not odds or rng.random() >= odds:
        return None
    count = int(rng.integers(4, 15))
    words = "".join(CHARACTERS[int(rng.integers(10, 36))] for _ in range(count))
    if rng.random() < 0.5:
        ink = random_colour(rng, 0, 200)
    face = choose_face(rng, ("*",), built_in=0.3)
    return Caption(words, face, float(rng.uniform(low, high)), ink)


def _text(rng: np.random.Generator, lines: int) -> list[str]:
    """Groups of letters and groups of digits, as in most countries, with a separator between."""
    groups = int(rng.integers(2, 4))
    parts = []
    for letters in rng.random(groups) < 0.5:
        pool = CHARACTERS[10:] if letters else CHARACTERS[:10]
        if rng.random() < 0.08:
            pool = CHARACTERS
        size = int(rng.integers(1, 5 if groups == 2 else 4))
        parts.append("".join(pool[int(rng.integers(len(pool)))] for _ in range(size)))
    while sum(map(len, parts)) < 4:
        parts[-1] += CHARACTERS[int(rng.integers(36))]
    if lines == 2:
        return [parts[0], "".join(parts[1:])]
    gap = str(rng.choice(["", " ", "-", "."], p=[0.35, 0.35, 0.2, 0.1]))
    return [gap.join(parts)]
