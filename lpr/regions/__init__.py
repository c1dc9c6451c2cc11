"""Regions: what the plates of a country look like in letters and digits, as data."""

from lpr.regions.grammar import Grammar
from lpr.regions.region import Format, Match, Region, match

__all__ = ["Format", "Grammar", "Match", "Region", "match"]
