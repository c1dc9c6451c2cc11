"""The United States: the series of passenger cars, and the commonest others, of its states.

Vanity plates have any text of up to seven or eight letters and digits. They fit a format only by
chance, and otherwise have no ``region`` and ``display``. Many states share a pattern: a description
names some that issue it, not the state of a plate.
"""

from __future__ import annotations

from lpr.regions.region import Format, Region

UNITED_STATES = Region(
    "us",
    "United States",
    (
        Format(
            "AAA-9999",
            "Texas, New York, Pennsylvania, Ohio, Georgia, North Carolina, Virginia, Washington, "
            "Arizona, Wisconsin, Mississippi and others",
        ),
        Format("9AAA999", "California, cars", kind="car", narrow=("123456789",)),
        Format("AAA-999", "Iowa, South Carolina, Oklahoma, Oregon, Colorado, Hawaii and others"),
        Format(
            "999-AAA",
            "Minnesota, Louisiana, Oregon, Kentucky, Kansas, Arkansas, Indiana, Florida and others",
        ),
        Format("AA 99999", "Connecticut, Illinois"),
        Format("AAA A99", "Florida, Michigan, Colorado, New Mexico"),
        Format("AA99 AA", "Florida"),
        Format("A99 9AA", "Florida, Utah"),
        Format("99A AAA", "Florida"),
        Format("9AA A99", "Massachusetts; Michigan until 2007"),
        Format("A99-AAA", "New Jersey"),
        Format("AAA-99A", "New Jersey"),
        Format("9AA9999", "Maryland; Idaho, county series"),
        Format("99999AA", "Maryland"),
        Format("9AA 999", "Massachusetts, South Dakota, West Virginia"),
        Format("99A A99", "Massachusetts"),
        Format("999 AA9", "Massachusetts"),
        Format("A99 999", "Illinois, New Hampshire"),
        Format("AA9 A9A", "Missouri"),
        Format("A99-99A", "Tennessee"),
        Format("999-99A", "Tennessee"),
        Format("AA9-A999", "Texas 2009 to 2012"),
        Format("A99-AAA9", "Texas, small series"),
        Format("999-A99", "Nevada"),
        Format("99A-999", "Nevada, West Virginia, Nebraska"),
        Format("9A9 9AA", "Utah"),
        Format("A9A 999", "Kentucky"),
        Format("9999AAA", "Kansas"),
        Format("AAAA 999", "Tennessee, special series"),
        Format("9A 99999", "Idaho; Alabama, counties 1 to 9; trucks of California"),
        Format("99A999A", "Alabama, counties 10 to 67"),
        Format("99AA999", "Alabama"),
        Format("A 999999", "Idaho; Pennsylvania, motorcycles"),
        Format("9-99999A", "Montana"),
        Format("99999A9", "California, trucks since 2011", kind="truck"),
        Format("99A9999", "California, motorcycles", kind="motorcycle"),
        Format("AA-9999", "District of Columbia"),
        Format("AA-999", "Rhode Island"),
        Format("AAA 99", "Indiana, Rhode Island"),
        Format("999AA", "Indiana"),
        Format("9999 AA", "Maine"),
        Format("99A 9A9", "Missouri"),
        Format("999 9999", "New Hampshire"),
        Format("999-999", "Delaware, Rhode Island"),
    ),
)
