"""The United States: the states' common formats. Whoever pays may have any text (vanity plates),
which then fits no format and is kept as it is read."""

from __future__ import annotations

from lpr.regions.region import Format, Region

UNITED_STATES = Region(
    "us",
    "United States",
    tuple(
        Format(pattern, description)
        for pattern, description in (
            ("AAA-9999", "Georgia, Michigan, New York, Ohio, Pennsylvania, Texas, Virginia, ..."),
            ("9AAA999", "California"),
            ("AAA 999", "many states until the 2000s; Louisiana, Oklahoma, ..."),
            ("999 AAA", "Arkansas, Colorado, Iowa, Kansas, Minnesota, Nevada, ..."),
            ("AA 99999", "Connecticut, Illinois, ..."),
            ("A99 9999", "Illinois, New Hampshire, ..."),
            ("AAA A99", "Florida"),
            ("AAA 99A", "Florida, New Jersey"),
            ("A99 9AA", "Florida"),
            ("A99-AAA", "New Jersey"),
            ("AA9 9AA", "Massachusetts, Missouri"),
            ("9AA A99", "Massachusetts"),
            ("999 AA9", "Massachusetts"),
            ("9AA 999", "Maryland, Massachusetts"),
            ("9AA9999", "Maryland"),
            ("AA9 A9A", "Missouri"),
            ("AA9 9999", "Tennessee"),
            ("A999999", "Arizona, Hawaii"),
            ("AA99999", "Illinois, Washington"),
            ("999 999", "Delaware, Rhode Island"),
            ("9999 AA", "Alaska, Maine"),
            ("9A 9999", "West Virginia, Montana"),
            ("9A9 999", "West Virginia"),
            ("AAA9999", "Washington"),
            ("999A", "Delaware"),
            ("999 AAAA", "Nebraska"),
            ("9AA9A99", "Maryland"),
        )
    ),
)
