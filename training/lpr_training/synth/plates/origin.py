"""Where rendered plates come from: a country, a market, or abroad in general."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lpr_training.synth.plates.countries import TAIWANS, Country, country
from lpr_training.synth.plates.foreign import foreign_aspect, render_foreign
from lpr_training.synth.plates.foreign_styles import MARKETS
from lpr_training.synth.plates.render import PlatePicture, render_plate

ABROAD = "abroad"
"""The code for plates of all markets and of no particular country."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of random plates: of a country, of a market, or of any foreign country.

    It is picklable, so rendering processes need no region packs.
    """

    country: Country | None = None  # The country, or None for a market or any foreign country
    market: str | None = None  # A key of ``markets.MARKETS``, or None for all markets

    def plate(
        self,
        rng: np.random.Generator,
        width: int,
        aspect: float | None = None,
        lines: int | None = None,
    ) -> PlatePicture:
        """Render a random plate ``width`` pixels wide, if possible with about the given width over
        height. ``lines`` (1 or 2) applies to markets: a country's plates have one."""
        if self.country is None:
            return render_foreign(rng, width, aspect, lines, self.market)
        style = self.country.style_about(rng, aspect) if aspect else None
        return render_plate(rng, style=style, width=width, country=self.country)

    def mounted(self, rng: np.random.Generator, styles: Sequence[str], width: int) -> PlatePicture:
        """Render a random plate for a vehicle, in one of its ``styles`` if the country has it."""
        style = styles[int(rng.integers(len(styles)))]
        if self.country is None or not self.country.has(style):
            return self.plate(rng, width)
        return render_plate(rng, style=style, width=width, country=self.country)

    def aspect(self, rng: np.random.Generator) -> float:
        """Return the approximate width over height of a random plate."""
        if self.country is None:
            return foreign_aspect(rng, self.market)
        return self.country.random_aspect(rng)


TAIWANESE = Origin(TAIWANS)
FOREIGN = Origin()


def origin(code: str) -> Origin:
    """Return the origin of a region's code, a market's, or :data:`ABROAD`.

    Raises like :func:`lpr_training.synth.plates.countries.country` for a region without styles.
    """
    if code == ABROAD:
        return FOREIGN
    if code in MARKETS:
        return Origin(market=code)
    return Origin(country(code))
