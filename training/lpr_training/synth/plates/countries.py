"""A country's plates: its styles, and random texts for them.

A region pack provides a country's styles as data: an entry point in the group ``lpr.styles``, named
like the region, that refers to a sequence of :class:`lpr_training.synth.styles.Style`.
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
from lpr_training.synth.plates import texts
from lpr_training.synth.sampling import choose_weighted, cumulative
from lpr_training.synth.styles import STYLES, Style

GROUP = "lpr.styles"

_ASPECT_TOLERANCE = 0.75  # Aspect ratios match if they differ by less than this factor


class Country:
    """Plates defined by data: ``styles`` are as frequent as their shares, the formats of a style
    and the characters of a text are uniform.

    Raises ``ValueError`` if there is no style, or a style has a format that the region lacks.
    """

    def __init__(self, region: Region, styles: tuple[Style, ...]) -> None:
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
        """Whether a style has this name."""
        return any(each.name == style for each in self.styles)

    def style(self, name: str) -> Style:
        """Return a style by its name; raises ``KeyError`` for an unknown one."""
        return {style.name: style for style in self.styles}[name]

    def styles_for(self, pattern: str) -> tuple[Style, ...]:
        """The styles that have a format, or all if none has it."""
        return tuple(s for s in self.styles if pattern in s.formats) or self.styles

    def pattern_of(self, text: str) -> str:
        """The pattern of the first format that a text matches, else one without a separator."""
        for form in self.region.formats:
            if form.display(text) is not None:
                return form.pattern
        return "".join("9" if c.isdigit() else "A" for c in text)

    def random_pattern(self, rng: np.random.Generator) -> str:
        """Return a random format's pattern, such as ``AAA-9999``."""
        formats = _choose_style(rng, self.styles).formats
        return formats[int(rng.integers(len(formats)))]

    def random_text(self, rng: np.random.Generator, pattern: str, prefixes: str = "") -> str:
        """Return a legal text (``A-Z0-9``, no separator) of a pattern; ``prefixes`` restricts a
        first letter."""
        forms = [form for form in self.region.formats if form.pattern == pattern]
        form = forms[int(rng.integers(len(forms)))]
        return texts.uniform_text(rng, form.legal, prefixes if pattern[0] == "A" else "")

    def random_aspect(self, rng: np.random.Generator) -> float:
        """Return the approximate width over height of a random plate."""
        sizes = _choose_style(rng, self.styles).sizes
        width, height = sizes[int(rng.integers(len(sizes)))]
        return width / height

    def style_about(self, rng: np.random.Generator, aspect: float) -> str | None:
        """Return the name of a random style with about this width over height, or None."""
        low, high = _ASPECT_TOLERANCE, 1 / _ASPECT_TOLERANCE
        matching = tuple(
            s for s in self.styles if any(low < w / h / aspect < high for w, h in s.sizes)
        )
        return _choose_style(rng, matching).name if matching else None

    def choose(
        self, rng: np.random.Generator, text: str | None, style: str | None
    ) -> tuple[Style, str]:
        """Return a style and a pattern that suit a text and a style's name; either may be None."""
        if style is not None:
            kind = self.style(style)
            pattern = kind.formats[int(rng.integers(len(kind.formats)))]
            return kind, pattern if text is None else self.pattern_of(text)
        pattern = self.random_pattern(rng) if text is None else self.pattern_of(text)
        return _choose_style(rng, self.styles_for(pattern)), pattern


class _Taiwan(Country):
    """Formats as frequent as in photographs; letters and digits as the series have them."""

    def random_pattern(self, rng: np.random.Generator) -> str:
        return texts.random_pattern(rng)

    def random_text(self, rng: np.random.Generator, pattern: str, prefixes: str = "") -> str:
        return texts.random_text(rng, pattern, prefixes)

    def random_aspect(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(1.85, 2.4))

    def style_about(self, rng: np.random.Generator, aspect: float) -> str | None:
        return None  # all have about the same proportions, so any will do


def _choose_style(rng: np.random.Generator, styles: tuple[Style, ...]) -> Style:
    return styles[choose_weighted(rng, cumulative(style.share for style in styles))]


TAIWANS = _Taiwan(TAIWAN, tuple(STYLES.values()))

_temporary: dict[str, Country] = {}


@contextmanager
def temporarily_registered(given: Country) -> Iterator[None]:
    """Make a country known, as if its region pack were installed, within a ``with`` block."""
    code = given.region.code
    with registry().temporarily_registered(given.region):
        _temporary[code] = given
        try:
            yield
        finally:
            del _temporary[code]


def country(code: str) -> Country:
    """Return the country of a region's code.

    Raises :class:`lpr.errors.LprError` if the region is unknown or has no styles, and
    :class:`lpr.errors.PluginError` if its package's styles are invalid.
    """
    return _temporary[code] if code in _temporary else installed(code)


@cache
def installed(code: str) -> Country:
    """The country, from lpr or an installed region pack."""
    if code == TAIWAN.code:
        return TAIWANS
    region = registry().region(code)
    points = {point.name: point for point in entry_points(group=GROUP)}
    if code not in points:
        known = ", ".join(sorted({TAIWAN.code, *points}))
        raise LprError(
            f"no styles for the plates of {code!r} (there are styles for {known}); "
            f"install a region pack that provides them in the entry point group {GROUP}"
        )
    try:
        return Country(region, tuple(points[code].load()))
    except Exception as error:
        value = points[code].value
        raise PluginError(f"the styles of {code} ({value}): {describe(error)}") from error
