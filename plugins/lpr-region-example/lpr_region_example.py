"""Argentina for lpr: the formats of its plates.

A region is data. Its formats define the legal texts and their display. They also correct uncertain
readings: the place in a text decides between ``0`` and ``O``.
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
