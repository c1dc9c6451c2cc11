"""Whose plates are drawn, by a region's code: data of a country, of a market, or from abroad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lpr_training.synth.abroad import abroad_aspect, render_abroad
from lpr_training.synth.countries import TAIWANS, Country, country
from lpr_training.synth.markets import MARKETS
from lpr_training.synth.plates import PlatePicture, render_plate

ABROAD = "abroad"
"""Stands in place of a region's code for plates of all markets and of no country."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Plates of a ``country``, or where that is None those of a ``market``
    (:data:`lpr_training.synth.markets.MARKETS`), or where that is None too those from abroad.

    It is made where the region is known and handed to the processes that render, which need not
    know it.
    """

    country: Country | None = None
    market: str | None = None

    def plate(
        self,
        rng: np.random.Generator,
        width: int,
        aspect: float | None = None,
        lines: int | None = None,
    ) -> PlatePicture:
        """A random plate, ``width`` pixels wide, about ``aspect`` times as wide as high where there
        is such a one. ``lines`` (1 or 2) is for markets: a country's plates have one."""
        if self.country is None:
            return render_abroad(rng, width, aspect, lines, self.market)
        style = self.country.style_about(rng, aspect) if aspect else None
        return render_plate(rng, style=style, width=width, country=self.country)

    def mounted(self, rng: np.random.Generator, styles: Sequence[str], width: int) -> PlatePicture:
        """A random plate for a vehicle that carries one of these ``styles``, where the country has
        styles of these names; any other where it has none."""
        style = styles[int(rng.integers(len(styles)))]
        if self.country is None or not self.country.has(style):
            return self.plate(rng, width)
        return render_plate(rng, style=style, width=width, country=self.country)

    def aspect(self, rng: np.random.Generator) -> float:
        """Width over height of a random plate, roughly."""
        if self.country is None:
            return abroad_aspect(rng, self.market)
        return self.country.random_aspect(rng)


TAIWANESE = Origin(TAIWANS)
FOREIGN = Origin()


def origin(code: str) -> Origin:
    """Whose plates a code stands for: a region's, or :data:`ABROAD`.

    Raises as :func:`lpr_training.synth.countries.country` does where nothing says what they look
    like.
    """
    if code == ABROAD:
        return FOREIGN
    if code in MARKETS:
        return Origin(market=code)
    return Origin(country(code))
