"""Taiwan: plates since 1992.

Since 2012 the first letter gives the kind of vehicle: A to D private cars (W for disabled drivers),
E electric vehicles, R rental cars, T taxis, M and N motorcycles, L heavy motorcycles, K buses and
lorries, H trailers.

Diplomats' (``使``, ``外``, ``領``), trial (``試``) and temporary (``臨``) plates are left out: they
have a Chinese character and digits, and digits alone look like a half-read plate. The networks do
not know these characters and read a letter there, so a letter and digits are doubtful.

A text that fits two formats is displayed in the first: ``AB1234`` is a car's ``AB-1234``, though
motorcycles had ``AB1-234``.
"""

from __future__ import annotations

from lpr.regions.region import Format, Region, formats

# The series since 2012 omit I and O; most of them also the digit 4, which is legal.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_KINDS = (
    ("E", "electric"),
    ("R", "rental"),
    ("T", "taxi"),
    ("K", "truck or bus"),
    ("H", "trailer"),
    ("MN", "motorcycle"),
    ("L", "heavy motorcycle"),
    ("ABCDW", "car"),
)
_SYMBOLS = "試使外領臨"
_MOTORCYCLES = "motorcycles until 2012"
_CARS = "private cars until 2012"
_TRUCKS = "buses, trucks and taxis until 2012"
_TRAILERS = "trailers until 2012"

TAIWAN = Region(
    "tw",
    "Taiwan",
    (
        Format(
            "AAA-9999",
            "cars, motorcycles and electric vehicles since 2012",
            letters=_LETTERS,
            kinds=_KINDS,
        ),
        Format("AAA-999", f"{_MOTORCYCLES}; buses, trucks and heavy motorcycles since"),
        Format("999-AAA", _MOTORCYCLES, kind="motorcycle"),
        Format("A9-9999", _CARS, kind="car", symbols=_SYMBOLS),
        *formats("9999-AA, AA-9999, 9999-A9, 9A-9999, 9999-9A", _CARS, kind="car"),
        *formats(
            "A9A-999, AA9-999, 9AA-999, A99-999, 9A9-999, 99A-999, 999-A9A, 999-AA9, 999-9AA",
            _MOTORCYCLES,
            kind="motorcycle",
        ),
        *formats("AA-999, 999-AA, 9A-999, 999-A9, 999-9A", _TRUCKS, kind="truck, bus or taxi"),
        Format("A9-999", _TRUCKS, kind="truck, bus or taxi", symbols=_SYMBOLS),
        Format("AAA-99", "trailers since 2012", kind="trailer"),
        Format("A9-99", _TRAILERS, kind="trailer", symbols=_SYMBOLS),
        *formats("AA-99, 99-AA, 9A-99, 99-A9, 99-9A", _TRAILERS, kind="trailer"),
    ),
)
