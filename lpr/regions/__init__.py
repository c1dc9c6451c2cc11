"""Regions: the formats of a country's plates, as data."""

from lpr.regions.grammar import Grammar
from lpr.regions.region import Format, Match, Region, match

__all__ = ["Format", "Grammar", "Match", "Region", "match"]
