"""The European Union and its neighbours: the common formats of their cars.

Many countries share formats, so that a text tells the region and seldom the country. Germany,
Austria, Switzerland and others begin with a district of one to three letters.
"""

from __future__ import annotations

from itertools import product

from lpr.regions.region import Format, Region


def _germany() -> tuple[Format, ...]:
    """A district, one or two letters, one to four digits: at most eight characters."""
    lengths = product((1, 2, 3), (1, 2), (4, 3, 2, 1))
    return tuple(
        Format(f"{'A' * district}-{'A' * letters} {'9' * digits}", "Germany")
        for district, letters, digits in lengths
        if district + letters + digits <= 8
    )


def _formats(*named: tuple[str, str]) -> tuple[Format, ...]:
    return tuple(Format(pattern, description) for pattern, description in named)


EUROPE = Region(
    "eu",
    "Europe",
    (
        *_formats(
            ("AA-999-AA", "France, Italy (AA 999AA)"),
            ("AA99 AAA", "Great Britain"),
            ("9999 AAA", "Spain"),
            ("9-AAA-999", "Belgium"),
            ("99-AA-99", "Netherlands, Portugal"),
            ("AA-99-99", "Netherlands, Portugal"),
            ("99-99-AA", "Netherlands, Portugal"),
            ("AA-99-AA", "Netherlands, Portugal"),
            ("99-AAA-9", "Netherlands"),
            ("9-AAA-99", "Netherlands"),
            ("AA-999-A", "Netherlands"),
            ("A-999-AA", "Netherlands"),
            ("AAA-99-A", "Netherlands"),
            ("9-AA-999", "Netherlands"),
            ("AAA-999", "Sweden, Finland, Hungary, Lithuania, Malta, Cyprus, Belgium"),
            ("AAA 99A", "Sweden"),
            ("AA AA-999", "Hungary, Ukraine"),
            ("AA-9999", "Latvia, Luxembourg"),
            ("999 AAA", "Estonia, Belgium"),
            ("AAA 9999", "Greece"),
            ("A 999 AAA", "Romania, Great Britain until 2001"),
            ("AA 99 AAA", "Romania"),
            ("A 99 AAA", "Romania"),
            ("9A9 9999", "Czechia"),
            ("9AA 9999", "Czechia"),
            ("AA-999 AA", "Slovakia, Croatia"),
            ("AA 9999-AA", "Croatia, Bulgaria, Ukraine"),
            ("AA 9999-A", "Croatia"),
            ("AA 999-A", "Croatia"),
            ("AA 99-999", "Denmark, Norway"),
            ("A 9999 AA", "Bulgaria"),
            ("99 A 9999", "Turkey"),
            ("99 AA 999", "Turkey"),
            ("99 AA 9999", "Turkey"),
            ("99 AAA 99", "Turkey"),
            ("99 AAA 999", "Turkey"),
            ("AA 99999", "Poland, Switzerland, Norway"),
            ("AA 9999A", "Poland"),
            ("AA 999AA", "Poland"),
            ("AAA 99999", "Poland"),
            ("AAA 9999A", "Poland"),
            ("AAA 999AA", "Poland"),
            ("AA 999999", "Switzerland"),
            ("99-A-9999", "Ireland"),
            ("99-AA-9999", "Ireland"),
            ("999-A-99999", "Ireland"),
            ("999-A-9999", "Ireland"),
            ("999-AA-9999", "Ireland"),
            ("A-9999-AA", "Spain until 2000"),
            ("AA-9999-AA", "Spain until 2000"),
            ("A-99999 A", "Austria"),
            ("A-9999 A", "Austria"),
            ("AA-999 AAA", "Austria, Serbia"),
            ("AA 999-AAA", "France until 2009"),
            ("9999 AA 99", "France until 2009"),
            ("999 AAA 99", "France until 2009"),
            ("999 AA 99", "France until 2009"),
        ),
        *_germany(),
    ),
)
