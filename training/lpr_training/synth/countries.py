"""What is drawn for a region: its plates' styles, and the texts on them.

A region pack brings a country's styles as data: an entry point in the group ``lpr.styles``, named
as the region and pointing at a sequence of :class:`lpr_training.synth.styles.Style`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points

import numpy as np

from lpr.errors import LprError, PluginError, describe
from lpr.loading import registry
from lpr.regions import Region
from lpr.regions.taiwan import TAIWAN
from lpr_training.synth import texts
from lpr_training.synth.styles import STYLES, Style

GROUP = "lpr.styles"

_ALIKE = 0.75
"""Proportions that differ by no more than this factor."""


class Country:
    """Plates made of data alone: ``styles`` by their shares, each of a style's formats as often as
    the others, letters and digits as often as each other."""

    def __init__(self, region: Region, styles: tuple[Style, ...]) -> None:
        """Raises ``ValueError`` where there is no style, or where one carries a format that the
        region does not have."""
        known = {form.pattern for form in region.formats}
        for style in styles:
            for pattern in style.formats:
                if pattern not in known:
                    raise ValueError(f"style {style.name}: {region.code} has no format {pattern}")
        if not any(style.formats for style in styles):
            raise ValueError(f"{region.code} has no styles")
        self.region = region
        self.styles = styles

    def has(self, style: str) -> bool:
        """Whether a style is called so."""
        return any(each.name == style for each in self.styles)

    def style(self, name: str) -> Style:
        """Raises ``KeyError`` for a name that no style has."""
        return {style.name: style for style in self.styles}[name]

    def styles_for(self, pattern: str) -> tuple[Style, ...]:
        """The styles that carry a format; all of them where none does."""
        return tuple(s for s in self.styles if pattern in s.formats) or self.styles

    def pattern_of(self, text: str) -> str:
        """The pattern of the first format that a text fits.

        A text of no format gets one without a separator, so that any text can be drawn.
        """
        for form in self.region.formats:
            if form.display(text) is not None:
                return form.pattern
        return "".join("9" if c.isdigit() else "A" for c in text)

    def random_pattern(self, rng: np.random.Generator) -> str:
        """A format's pattern, such as ``AAA-9999``."""
        formats = _drawn(rng, self.styles).formats
        return formats[int(rng.integers(len(formats)))]

    def random_text(self, rng: np.random.Generator, pattern: str, prefixes: str = "") -> str:
        """A legal text (``A-Z0-9``, no separator) of a pattern; with ``prefixes`` its first letter
        is one of those."""
        forms = [form for form in self.region.formats if form.pattern == pattern]
        form = forms[int(rng.integers(len(forms)))]
        return texts.uniform_text(rng, form.legal, prefixes if pattern[0] == "A" else "")

    def random_aspect(self, rng: np.random.Generator) -> float:
        """Width over height of a random plate, roughly."""
        sizes = _drawn(rng, self.styles).sizes
        width, height = sizes[int(rng.integers(len(sizes)))]
        return width / height

    def style_about(self, rng: np.random.Generator, aspect: float) -> str | None:
        """The name of a random style that is about ``aspect`` times as wide as high; None where
        there is none."""
        fitting = tuple(
            style
            for style in self.styles
            if any(_ALIKE < width / height / aspect < 1 / _ALIKE for width, height in style.sizes)
        )
        return _drawn(rng, fitting).name if fitting else None

    def choose(
        self, rng: np.random.Generator, text: str | None, style: str | None
    ) -> tuple[Style, str]:
        """A style and a pattern for what is given; what is not is random."""
        if style is not None:
            kind = self.style(style)
            pattern = kind.formats[int(rng.integers(len(kind.formats)))]
            return kind, pattern if text is None else self.pattern_of(text)
        pattern = self.random_pattern(rng) if text is None else self.pattern_of(text)
        return _drawn(rng, self.styles_for(pattern)), pattern


class _Taiwan(Country):
    """Formats as often as on photographs, and letters and digits as the series have them."""

    def random_pattern(self, rng: np.random.Generator) -> str:
        return texts.random_pattern(rng)

    def random_text(self, rng: np.random.Generator, pattern: str, prefixes: str = "") -> str:
        return texts.random_text(rng, pattern, prefixes)

    def random_aspect(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(1.85, 2.4))

    def style_about(self, rng: np.random.Generator, aspect: float) -> str | None:
        return None  # all are nearly alike: each goes anywhere


def _drawn(rng: np.random.Generator, styles: tuple[Style, ...]) -> Style:
    shares = np.cumsum([style.share for style in styles])
    place = int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))
    return styles[min(place, len(styles) - 1)]


TAIWANS = _Taiwan(TAIWAN, tuple(STYLES.values()))


_lent: dict[str, Country] = {}


@contextmanager
def temporarily_registered(given: Country) -> Iterator[None]:
    """Within the block a country is known, to :func:`country` and to lpr's registry, as if its
    region pack were installed."""
    code = given.region.code
    with registry().temporarily_registered(given.region):
        _lent[code] = given
        try:
            yield
        finally:
            del _lent[code]


def country(code: str) -> Country:
    """What is drawn for a region's code.

    Raises :class:`lpr.errors.LprError` where the region is not known or no installed package draws
    it, and :class:`lpr.errors.PluginError` where that package's styles are no styles.
    """
    return _lent[code] if code in _lent else installed(code)


@cache
def installed(code: str) -> Country:
    """As :func:`country`, of what lpr and the installed packs bring."""
    if code == TAIWAN.code:
        return TAIWANS
    region = registry().region(code)
    points = {point.name: point for point in entry_points(group=GROUP)}
    if code not in points:
        drawn = ", ".join(sorted({TAIWAN.code, *points}))
        raise LprError(
            f"nothing says what plates of {code!r} look like (there are styles for {drawn}); "
            f"install a region pack that does, in the entry point group {GROUP}"
        )
    try:
        return Country(region, tuple(points[code].load()))
    except Exception as error:
        raise PluginError(
            f"the styles of {code} ({points[code].value}): {describe(error)}"
        ) from error
