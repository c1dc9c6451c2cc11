"""Plates of the EU, the US, Brazil and Vietnam, as data.

In a pattern, ``A`` is a letter, ``9`` a digit, and ``|`` starts the second line; other symbols are
drawn as they are (:class:`lpr_training.synth.plates.foreign_layout.Design`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lpr_training.synth.glyphs.fonts import choose_face
from lpr_training.synth.plates.foreign_layout import Band, Caption, Design
from lpr_training.synth.sampling import choose_weighted, cumulative, random_colour
from lpr_training.synth.styles import BLACK, RED, WHITE, Colour

_GREY: Colour = (178, 182, 180)
_YELLOW: Colour = (30, 190, 235)
_BLUE: Colour = (140, 60, 25)
EURO_BLUE: Colour = (150, 70, 20)
"""The blue of the European band."""

_GREEN: Colour = (70, 105, 25)
_NAVY: Colour = (110, 40, 25)

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Scheme = tuple[Colour, Colour, float]
"""Ground, ink, and relative frequency."""

_EUROPEAN = (
    "barlow-*", "saira-*", "overpass-mono*", "roboto-mono*", "b612-mono*", "ibm-plex-mono*",
    "share-tech-mono*", "dm-mono*", "spline-sans-mono*", "red-hat-mono*", "blinker*", "titillium*",
    "rajdhani*", "cuprum*", "gudea*", "overpass-latin*",
)  # fmt: skip
_AMERICAN = (
    "barlow-condensed*", "oswald*", "roboto-condensed*", "bebas*", "fjalla*", "antonio*",
    "league-gothic*", "pathway*", "archivo-narrow*", "pt-sans-narrow*", "ubuntu-condensed*",
    "francois*", "squada*", "staatliches*", "big-shoulders*", "asap-condensed*", "teko*", "khand*",
    "sofia-sans-condensed*", "encode-sans-condensed*", "roboto-slab*", "overpass-latin*",
    "yanone*", "economica*",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarketStyle:
    """One kind of plate. Odds are probabilities, 0..1."""

    name: str
    aspect: float  # Width over height
    patterns: tuple[str, ...]
    schemes: tuple[Scheme, ...]
    share: float = 1.0  # Relative frequency within the market
    letters: str = _LETTERS  # Letters of the texts
    faces: tuple[str, ...] = ("*",)  # Patterns of suitable font files' names
    built_in: float = 0.25  # Odds of a built-in face instead
    band_letters: tuple[str, ...] = ()  # Possible letters of the left band
    band_odds: float = 0.0
    right_band_odds: float = 0.0  # Odds of a right band, given a left one
    names: tuple[str, ...] = ()  # Possible captions above the text
    name_odds: float = 0.0
    slogans: tuple[str, ...] = ()  # Possible captions below the text
    slogan_odds: float = 0.0
    caption_height: tuple[float, float] = (0.12, 0.2)  # Captions' heights, in heights of the plate
    name_ground: Colour | None = None  # Colour of the strip behind the upper caption, if any
    picture_odds: float = 0.0  # Odds of a shaded or painted ground
    fill: tuple[float, float] = (0.75, 0.97)  # Range of the text's height, in heights of its space
    relief: tuple[float, float] = (0.0, 0.35)  # Range of the embossing's strength, 0..1
    sticker_odds: float = 0.0  # Odds of a sticker in each upper corner


@dataclass(frozen=True, slots=True)
class Market:
    """A region's styles, and its share among the markets."""

    share: float
    styles: tuple[MarketStyle, ...]


_USUAL: tuple[Scheme, ...] = ((WHITE, BLACK, 10),)
_EU_LINES = (
    "A*AA 9999", "AA*AA 999", "AAA*AA 99", "AA*A 9999", "A*AA 999", "AA AA 999", "AA-999-AA",
    "AA 999AA", "9999 AAA", "9999 AAA", "A-9999-AA", "9-AAA-999", "AAA-999", "99-AA-99",
    "AA-99-99", "99-AAA-9", "9-AAA-99", "AA-999-A", "AA99 AAA", "AA99 AAA", "A999 AAA",
    "AA 99999", "AA 9999A", "AAA 9999", "9A9 9999", "9AA 9999", "AA-999AA", "AA 999 AA",
    "A 999 AAA", "AA 99 AAA", "AAA 99A", "AAA 999", "AA 99 999", "AA 99999", "AAA-999",
    "AA-9999", "999 AAA", "99-A-9999", "AA*999-AA", "AA*9999-A", "AA 9999 AA", "A 9999 AA",
    "AAA-9999", "AA 9999 AA", "99 AA 9999", "99 A 9999", "AA*999999", "A 99999A", "AA 999A",
)  # fmt: skip
_EU_TWO = (
    "AA|999 AA", "A*AA|9999", "AA*AA|999", "AA|AA 99", "AAA|9999", "AA|9999", "999|AAA",
    "AA99|AAA", "AAA|99A", "9999|AAA", "99-AA|99", "AA 99|999", "9A9|9999",
)  # fmt: skip
_COUNTRIES = (
    "D", "D", "F", "F", "I", "E", "NL", "B", "P", "GB", "PL", "CZ", "SK", "RO", "H", "A", "S",
    "DK", "FIN", "LT", "LV", "EST", "IRL", "HR", "SLO", "BG", "GR", "UA", "TR", "L", "M",
)  # fmt: skip
_STATES = (
    "ALABAMA", "ALASKA", "ARIZONA", "ARKANSAS", "CALIFORNIA", "CALIFORNIA", "COLORADO",
    "CONNECTICUT", "DELAWARE", "FLORIDA", "GEORGIA", "HAWAII", "IDAHO", "ILLINOIS", "INDIANA",
    "IOWA", "KANSAS", "KENTUCKY", "LOUISIANA", "MAINE", "MARYLAND", "MASSACHUSETTS", "MICHIGAN",
    "MINNESOTA", "MISSISSIPPI", "MISSOURI", "MONTANA", "NEBRASKA", "NEVADA", "NEW HAMPSHIRE",
    "NEW JERSEY", "NEW MEXICO", "NEW YORK", "NORTH CAROLINA", "NORTH DAKOTA", "OHIO", "OKLAHOMA",
    "OREGON", "PENNSYLVANIA", "RHODE ISLAND", "SOUTH CAROLINA", "SOUTH DAKOTA", "TENNESSEE",
    "TEXAS", "UTAH", "VERMONT", "VIRGINIA", "WASHINGTON", "WEST VIRGINIA", "WISCONSIN", "WYOMING",
    "ONTARIO", "QUEBEC",
)  # fmt: skip
_SLOGANS = (
    "SUNSHINE STATE", "GARDEN STATE", "THE LONE STAR STATE", "LIVE FREE OR DIE", "EMPIRE STATE",
    "LAND OF LINCOLN", "GRAND CANYON STATE", "FIRST IN FLIGHT", "IN GOD WE TRUST", "DMV.CA.GOV",
    "VISIT US ONLINE", "THE SPIRIT OF AMERICA", "WILD WONDERFUL", "EVERGREEN STATE",
    "COUNTY NAME", "MIAMI DADE", "10 000 LAKES", "JE ME SOUVIENS", "GREATEST SNOW ON EARTH",
)  # fmt: skip
_CITIES = (
    "SP-SAO PAULO", "RJ-RIO DE JANEIRO", "MG-BELO HORIZONTE", "PR-CURITIBA", "RS-PORTO ALEGRE",
    "BA-SALVADOR", "SC-FLORIANOPOLIS", "PE-RECIFE", "CE-FORTALEZA", "DF-BRASILIA", "GO-GOIANIA",
    "SP-CAMPINAS", "ES-VITORIA", "AM-MANAUS",
)  # fmt: skip
_US_INKS: tuple[Scheme, ...] = (
    (WHITE, BLACK, 4), (WHITE, _NAVY, 5), (WHITE, (160, 70, 20), 2), (WHITE, (40, 40, 150), 2),
    (WHITE, _GREEN, 2.5), (WHITE, (60, 40, 110), 1), ((235, 215, 190), _NAVY, 1.5),
    ((120, 215, 240), (40, 40, 60), 1.2), ((40, 190, 235), _NAVY, 1.5),
    ((150, 190, 160), (40, 60, 30), 0.8), (_NAVY, (60, 190, 235), 0.8), (_BLUE, WHITE, 0.8),
    ((30, 26, 24), (60, 190, 235), 0.5), ((60, 90, 40), WHITE, 0.6),
)  # fmt: skip
_US_LINES = (
    "AAA 9999", "AAA-9999", "AAA9999", "AAA*9999", "9AAA999", "9AAA999", "AAA 999", "AAA-999",
    "AAA*999", "999 AAA", "999-AAA", "999*AAA", "AA 99999", "AAA 99A", "A99 9AA", "AA9 9A9",
    "9A9 99A", "999 999", "A99-99A", "AB9 9999", "9AA A99", "A999999", "AA99999", "9AAA99",
    "AAA9999", "99A 9A9", "AA*9999", "A*99999", "999AAA", "AAAA 999", "9AAA 99", "AAAAAAA",
    "AAAA99", "A9A 9A9",
)  # fmt: skip
_VN_INKS: tuple[Scheme, ...] = (
    (WHITE, BLACK, 10), (_YELLOW, BLACK, 2.5), (_BLUE, WHITE, 0.8), (RED, WHITE, 0.3),
)  # fmt: skip
_VN_LETTERS = "ABCDEFGHKLMNPSTUVXYZ"

MARKETS: dict[str, Market] = {
    "eu": Market(0.42, (
        MarketStyle("eu-car", 4.6, _EU_LINES,
            ((WHITE, BLACK, 10), (_YELLOW, BLACK, 2.2), (WHITE, (60, 40, 150), 0.7),
             (WHITE, _BLUE, 0.6), (WHITE, _GREEN, 0.3), ((30, 26, 24), (225, 228, 228), 0.4),
             (_YELLOW, _BLUE, 0.3)),
            share=6, faces=_EUROPEAN, built_in=0.35, band_letters=_COUNTRIES, band_odds=0.78,
            right_band_odds=0.14, fill=(0.78, 0.99)),
        MarketStyle("eu-two", 1.45, _EU_TWO, ((WHITE, BLACK, 10), (_YELLOW, BLACK, 2)), share=0.8,
            faces=_EUROPEAN, built_in=0.35, band_letters=_COUNTRIES, band_odds=0.35),
        MarketStyle("eu-short", 3.3,
            ("AA 999", "A 9999", "AAA 99", "AA*A 99", "A*A 999", "AAA-999"), _USUAL, share=0.5,
            faces=_EUROPEAN, built_in=0.35, band_letters=_COUNTRIES, band_odds=0.6),
    )),
    "us": Market(0.34, (
        MarketStyle("us", 2.0, _US_LINES, _US_INKS, faces=_AMERICAN, built_in=0.15, names=_STATES,
            name_odds=0.92, slogans=_SLOGANS, slogan_odds=0.65, caption_height=(0.1, 0.2),
            picture_odds=0.6, fill=(0.72, 1.0), relief=(0.05, 0.55), sticker_odds=0.3),
    )),
    "br": Market(0.11, (
        MarketStyle("br-old", 3.1, ("AAA-9999", "AAA 9999", "AAA-9999"),
            ((_GREY, BLACK, 10), (RED, WHITE, 1.5), (WHITE, BLACK, 0.5)), share=3,
            faces=_EUROPEAN, built_in=0.4, names=_CITIES, name_odds=0.95,
            caption_height=(0.13, 0.19), relief=(0.05, 0.45)),
        MarketStyle("br-motorcycle", 1.18, ("AAA|9999",), ((_GREY, BLACK, 5), (RED, WHITE, 1)),
            share=0.5, faces=_EUROPEAN, built_in=0.4, names=_CITIES, name_odds=0.95,
            caption_height=(0.1, 0.14)),
        MarketStyle("mercosul", 3.08, ("AAA9A99",),
            ((WHITE, BLACK, 8), (WHITE, RED, 1.5), (WHITE, _BLUE, 0.4)), share=1.2,
            faces=_EUROPEAN, built_in=0.4, names=("BRASIL",), name_odds=1.0,
            name_ground=EURO_BLUE, caption_height=(0.12, 0.16)),
        MarketStyle("mercosul-motorcycle", 1.18, ("AAA|9A99",), _USUAL, share=0.3, faces=_EUROPEAN,
            built_in=0.4, names=("BRASIL",), name_odds=1.0, name_ground=EURO_BLUE,
            caption_height=(0.1, 0.14)),
    )),
    "vn": Market(0.13, (
        MarketStyle("vn-long", 4.7, ("99A-999.99", "99A-9999", "99AA-999.99"), _VN_INKS, share=1,
            letters=_VN_LETTERS, faces=_EUROPEAN, built_in=0.35),
        MarketStyle("vn-car", 2.0, ("99A|999.99", "99A|9999", "99AA|999.99"), _VN_INKS, share=1.2,
            letters=_VN_LETTERS, faces=_EUROPEAN, built_in=0.35),
        MarketStyle("vn-motorcycle", 1.36, ("99-A9|999.99", "99-A9|9999", "99-AA|999.99"), _VN_INKS,
            share=1.8, letters=_VN_LETTERS, faces=_EUROPEAN, built_in=0.35),
    )),
}  # fmt: skip


def market_design(
    rng: np.random.Generator, region: str | None, lines: int | None, aspect: float | None
) -> Design | None:
    """Return a random plate's design, or None if no style matches.

    None for the ``region``, the number of ``lines`` or the ``aspect`` (width over height, matched
    within a third) accepts any.
    """
    pool = [
        (code, style, market.share * style.share / sum(s.share for s in market.styles))
        for code, market in MARKETS.items()
        for style in market.styles
        if region in (None, code)
        and (lines is None or ("|" in style.patterns[0]) == (lines == 2))
        and (aspect is None or 0.75 < style.aspect / aspect < 1.33)
    ]
    if not pool:
        return None
    code, style, _ = pool[choose_weighted(rng, cumulative(share for _, _, share in pool))]
    return _design(rng, code, style, aspect)


def _design(
    rng: np.random.Generator, region: str, style: MarketStyle, aspect: float | None
) -> Design:
    edges = cumulative(share for _, _, share in style.schemes)
    ground, ink, _ = style.schemes[choose_weighted(rng, edges)]
    pattern = style.patterns[int(rng.integers(len(style.patterns)))]
    picture, kind = "plain", rng.random()
    if kind < style.picture_odds:
        picture = "shade" if kind < style.picture_odds / 2 else "landscape"
    left = right = None
    if rng.random() < style.band_odds:
        letters = style.band_letters[int(rng.integers(len(style.band_letters)))]
        share = float(rng.uniform(0.075, 0.1)) * min(4.6 / style.aspect, 1.6)
        left = Band(share, varied(rng, EURO_BLUE, 0.6, 1.3), letters, stars=rng.random() < 0.8)
        if rng.random() < style.right_band_odds:
            blue = varied(rng, EURO_BLUE, 0.6, 1.3)
            right = Band(share, blue, f"{int(rng.integers(1, 96)):02d}", stars=False)
    return Design(
        region=region,
        style=style.name,
        aspect=(aspect or style.aspect) * float(np.exp(rng.normal(0, 0.03))),
        ground=ground,
        ink=ink,
        lines=tuple(_random_text(rng, pattern, style.letters).split("|")),
        face=choose_face(rng, style.faces, style.built_in),
        left=left,
        right=right,
        above=_caption(rng, style, style.names, style.name_odds, ink, style.name_ground),
        below=_caption(rng, style, style.slogans, style.slogan_odds, ink, None),
        rim=0.5,
        fill=style.fill,
        picture=picture,
        relief=style.relief,
        corner_stickers=style.sticker_odds,
    )


def _caption(
    rng: np.random.Generator,
    style: MarketStyle,
    words: tuple[str, ...],
    odds: float,
    ink: Colour,
    ground: Colour | None,
) -> Caption | None:
    if rng.random() >= odds:
        return None
    text = words[int(rng.integers(len(words)))]
    if rng.random() < 0.4:
        text = text.title()
    if ground is not None:
        ink = WHITE
    elif rng.random() < 0.35:
        ink = random_colour(rng, 0, 160)
    height = style.caption_height
    return Caption(text, choose_face(rng, ("*",), 0.1), float(rng.uniform(*height)), ink, ground)


def varied(rng: np.random.Generator, colour: Colour, low: float, high: float) -> Colour:
    """Return ``colour`` with each part times a factor between ``low`` and ``high``."""
    blue, green, red = (int(min(c * rng.uniform(low, high), 255)) for c in colour)
    return blue, green, red


def _random_text(rng: np.random.Generator, pattern: str, letters: str) -> str:
    pools = {"A": letters, "9": "0123456789"}
    return "".join(
        pool[int(rng.integers(len(pool)))] if (pool := pools.get(symbol)) else symbol
        for symbol in pattern
    )
