"""Argentina for lpr: what its plates look like in letters and digits.

A region is data. Its formats say which texts are legal, how people write them, and decide between
readings of which a recognizer is not certain: ``0`` and ``O`` are told apart by their places.
"""

from __future__ import annotations

from lpr.hookspecs import hookimpl
from lpr.regions import Format, Region

lpr_interface = 1

ARGENTINA = Region(
    "ar",
    "Argentina",
    (Format("AAA 999", "until 2016"), Format("AA 999 AA", "Mercosur plates, since 2016")),
)


@hookimpl
def lpr_regions() -> list[Region]:
    return [ARGENTINA]
