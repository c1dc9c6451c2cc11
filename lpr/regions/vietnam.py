"""Vietnam: a province of two digits, a series, four or five digits; I, J, O, Q and W are left out.

Plates of two lines are read from the upper to the lower one.
"""

from __future__ import annotations

from lpr.regions.region import Format, Region

_LETTERS = "ABCDEFGHKLMNPRSTUVXYZ"

VIETNAM = Region(
    "vn",
    "Vietnam",
    (
        Format("99A-999.99", "cars", _LETTERS, "car"),
        Format("99A-9999", "cars until 2010", _LETTERS, "car"),
        Format("99-A9 999.99", "motorcycles", _LETTERS, "motorcycle"),
        Format("99-A9 9999", "motorcycles until 2010", _LETTERS, "motorcycle"),
        Format("99-AA 999.99", "motorcycles, special series", _LETTERS),
        Format("99-AA 9999", "special series until 2010", _LETTERS),
    ),
)
