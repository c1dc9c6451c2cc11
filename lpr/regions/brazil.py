"""Brazil: the grey plates and those of the Mercosul."""

from __future__ import annotations

from lpr.regions.region import Format, Region

BRAZIL = Region(
    "br",
    "Brazil",
    (Format("AAA-9999", "until 2018"), Format("AAA9A99", "Mercosul plates, since 2018")),
)
