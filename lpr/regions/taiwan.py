"""Taiwan: what its plates look like since 1992.

The order decides how a text is displayed that fits two formats: ``AB1234`` is a car's ``AB-1234``,
though motorcycles carried ``AB1-234``.
"""

from __future__ import annotations

from lpr.regions.region import Format, Region

_MOTORCYCLES = "motorcycles until 2012"
_CARS = "private cars until 2012"
_TRUCKS = "buses, trucks and taxis until 2012"
_TRAILERS = "trailers until 2012"

TAIWAN = Region(
    "tw",
    "Taiwan",
    (
        Format("AAA-9999", "cars, motorcycles and electric vehicles since 2012"),
        Format("AAA-999", f"{_MOTORCYCLES}; buses, trucks and heavy motorcycles since"),
        Format("999-AAA", _MOTORCYCLES),
        Format("9999-AA", _CARS),
        Format("AA-9999", _CARS),
        Format("9999-A9", _CARS),
        Format("A9-9999", _CARS),
        Format("9A-9999", _CARS),
        Format("9999-9A", _CARS),
        Format("A9A-999", _MOTORCYCLES),
        Format("AA9-999", _MOTORCYCLES),
        Format("9AA-999", _MOTORCYCLES),
        Format("A99-999", _MOTORCYCLES),
        Format("9A9-999", _MOTORCYCLES),
        Format("99A-999", _MOTORCYCLES),
        Format("999-A9A", _MOTORCYCLES),
        Format("999-AA9", _MOTORCYCLES),
        Format("999-9AA", _MOTORCYCLES),
        Format("AA-999", _TRUCKS),
        Format("999-AA", _TRUCKS),
        Format("A9-999", _TRUCKS),
        Format("9A-999", _TRUCKS),
        Format("999-A9", _TRUCKS),
        Format("999-9A", _TRUCKS),
        Format("AA-99", _TRAILERS),
        Format("99-AA", _TRAILERS),
        Format("A9-99", _TRAILERS),
        Format("9A-99", _TRAILERS),
        Format("99-A9", _TRAILERS),
        Format("99-9A", _TRAILERS),
    ),
)
