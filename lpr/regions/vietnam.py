"""Vietnam: plates since 1984.

Every plate except the army's begins with the number of its province, 11 to 99. A text that fits two
formats is displayed in the first: ``51F12345`` is a car's ``51F-123.45``, though motorcycles until
2010 had ``51-F1 2345``. Two lines are read from top to bottom.
"""

from __future__ import annotations

from lpr.regions.region import Format, Region

_SERIES = "ABCDEFGHKLMNPRSTUVXYZ"
_PROVINCE = ("123456789",)
_CARS = "cars, buses and lorries"

VIETNAM = Region(
    "vn",
    "Vietnam",
    (
        Format("99A-999.99", "cars since 2010", _SERIES, "car", narrow=_PROVINCE),
        Format("99A-9999", "cars until 2010", _SERIES, "car", narrow=_PROVINCE),
        Format("99-A9 999.99", "motorcycles since 2010", _SERIES, "motorcycle", narrow=_PROVINCE),
        Format("99-AA 999.99", "two-letter series since 2010", _SERIES, narrow=_PROVINCE),
        Format("99-AA 9999", "two-letter series until 2010", _SERIES, narrow=_PROVINCE),
        Format("AA-99-99", "army", _SERIES, "military"),
        Format(
            "99-999-AA-99",
            "diplomats, foreign organizations and foreigners",
            kind="diplomatic",
            narrow=(*_PROVINCE, "", "", "", "", "NQ", "GNT"),
        ),
    ),
)
