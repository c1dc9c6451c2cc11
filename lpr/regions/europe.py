"""Europe: plates of the countries of the EU, their neighbours and Great Britain.

Europe is one region because its countries share formats: a text seldom identifies the country. A
text that fits several formats is displayed in the first: formats of large countries come first,
among them those with the fewest letters. Plates of digits alone (Luxembourg, diplomats) are left
out, since they look like half-read plates.
"""

from __future__ import annotations

from itertools import product

from lpr.regions.german_districts import DISTRICTS
from lpr.regions.region import Format, Region, formats

_ONE_ON = "123456789"
_FRENCH = "ABCDEFGHJKLMNPQRSTVWXYZ"
_ITALIAN = "ABCDEFGHJKLMNPRSTVWXYZ"
_SPANISH = "BCDFGHJKLMNPRSTVWXYZ"
_DUTCH = "BDFGHJKLMNPRSTVWXZ"
_BRITISH = "ABCDEFGHJKLMNOPRSTUVWXYZ"
_LIKE_CYRILLIC = "ABCEHIKMOPTXY"
_CANTONS = ("ABFGJLNOSTUVZ", "DEGHILORSTUWZ")
_COUNTIES = {1: ("CDGLTW",), 2: ("CDKLMORSTW", "DEGHKLMNOSTWXY")}
_NUMBERS = "Sweden, Finland, Hungary until 2022, Lithuania, Malta, Cyprus, Moldova"
# Countries by the numbers of letters and digits that their plates share with German ones.
_SHARED = {
    (4, 3): "Hungary since 2022, Slovenia, Montenegro",
    (3, 4): "Greece, Northern Ireland, Slovenia",
    (3, 3): _NUMBERS,
    (2, 4): "Latvia, Luxembourg, Norway",
    (2, 3): "Finland, Latvia, Iceland until 2004",
    (3, 2): "Finland, Iceland since 2004",
    (2, 2): "Latvia",
}


def _germany() -> tuple[Format, ...]:
    """A district, one or two letters, one to four digits, an E or H: at most eight characters.

    A text whose district is not listed has the same formats, but only if it fits no other.
    """
    formats = []
    for (district, letters), digits in product(
        ((1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)), (4, 3, 2, 1)
    ):
        length = district + letters + digits
        pattern = f"{'A' * district}-{'A' * letters} {'9' * digits}"
        others = _SHARED.get((district + letters, digits))
        description = f"Germany; {others}" if others else "Germany"
        narrow = (*[""] * (district + letters), _ONE_ON)
        ends: list[tuple[str, str, str | None, tuple[str, ...]]] = []
        if length <= 8:
            ends.append((pattern, description, None, narrow))
        if length <= 7:
            narrow = (*narrow, *[""] * (digits - 1))
            ends += [
                (f"{pattern}A", "Germany, electric", "electric", (*narrow, "E")),
                (f"{pattern}A", "Germany, vintage", None, (*narrow, "H")),
            ]
        words = ((0, DISTRICTS[district]),)
        for form, text, kind, places in ends:
            formats.append(Format(form, text, kind=kind, narrow=places, words=words))
            if district != 1 and (district, letters) != (3, 1):
                formats.append(Format(form, text, kind=kind, narrow=places, rare=True))
    return tuple(formats)


def _ireland() -> tuple[Format, ...]:
    """A year (since 2013 with the half of the year), a county, a number."""
    return tuple(
        Format(
            f"{year}-{'A' * county}-{'9' * digits}",
            f"Ireland {'since 2013' if len(year) == 3 else '1987 to 2012'}",
            narrow=(*halves, *_COUNTIES[county], _ONE_ON),
        )
        for year, halves in (("999", ("", "", "12")), ("99", ("", "")))
        for county, digits in product((1, 2), (6, 5, 4, 3))
    )


def _switzerland() -> tuple[Format, ...]:
    """A canton and up to six digits."""
    return tuple(
        Format(f"AA {'9' * digits}", "Switzerland", narrow=(*_CANTONS, _ONE_ON))
        for digits in (6, 5, 4, 3, 2, 1)
    )


EUROPE = Region(
    "eu",
    "Europe",
    (
        *_germany(),
        Format("AA-999-AA", "France since 2009, Italy since 1994, Slovenia", _ITALIAN),
        Format("AA-999-AA", "France since 2009", _FRENCH),
        Format("AA 999-AA", "Slovakia, Croatia, Serbia, Albania; Poland; Czechia, electric"),
        Format("9999 AAA", "Spain since 2000", _SPANISH),
        Format("A 9999 AAA", "Spain, mopeds", _SPANISH, "moped", narrow=("C",)),
        Format("AA99 AAA", "Great Britain since 2001; Austria", _BRITISH),
        *formats("A999 AAA, A99 AAA, A9 AAA", "Great Britain 1983 to 2001", letters=_BRITISH),
        Format("AAA 999A", "Great Britain 1963 to 1983", _BRITISH),
        Format("AAA 9A", "Great Britain 1963 to 1983", _BRITISH),
        Format("9-AAA-999", "Belgium since 2010"),
        *_switzerland(),
        Format("AA 99999", "Poland, Norway, Denmark, Liechtenstein; Italy, motorcycles"),
        Format("AA 9999A", "Poland, Croatia"),
        Format("AA 9A999", "Poland, Slovenia"),
        *formats(
            "AA 9AA99, AAA A999, AAA 99AA, AAA 9A99, AAA 99A9, AAA 9AA9, AAA AA99, AAA 99999, "
            "AAA 9999A, AAA 999AA",
            "Poland",
        ),
        Format("99-AA-99", "Netherlands 1978 to 1991, Portugal 2005 to 2020"),
        Format("AA-99-99", "Netherlands until 1973, Portugal until 1992, Denmark, trailers"),
        Format("99-99-AA", "Netherlands 1973 to 1978, Portugal 1992 to 2005"),
        Format("AA-99-AA", "Portugal since 2020, Netherlands 1991 to 1999"),
        Format("AA-AA-99", "Netherlands 1999 to 2008", _DUTCH),
        Format("99-AA-AA", "Netherlands 2005 to 2009", _DUTCH),
        Format("99-AAA-9", "Netherlands 2008 to 2013", _DUTCH),
        Format("9-AAA-99", "Netherlands 2009 to 2015", _DUTCH),
        Format("AA-999-A", "Netherlands 2006 on; Croatia (AA 999-A)"),
        Format("A-999-AA", "Netherlands since 2015; Austria (A 999AA)"),
        Format("AAA-99-A", "Netherlands, lorries; Sweden since 2019 (AAA 99A)"),
        Format("A-99-AAA", "Netherlands, trailers; Romania, Bucharest (B 99 AAA)"),
        Format("9-AA-999", "Netherlands, vans", _DUTCH),
        Format("999-AA-9", "Netherlands", _DUTCH),
        Format("AAA 999", f"{_NUMBERS}; Belgium 2008 to 2010"),
        Format("AAA-99", "Finland"),
        Format("AA-999", "Finland; Latvia; Iceland until 2004; Lithuania, trailers"),
        Format("AA-99", "Latvia"),
        Format("999 AAA", "Estonia; Belgium until 2008; Lithuania, motorcycles (999 AA)"),
        Format("999 AA", "Lithuania, motorcycles; Estonia, trailers"),
        Format("99 AA", "Estonia, motorcycles", kind="motorcycle"),
        Format("A-9999", "Latvia, trailers", kind="trailer"),
        Format("A 999 AAA", "Romania, Bucharest", narrow=("B",)),
        Format("AA 99 AAA", "Romania; Slovenia (AA 99-AAA)"),
        Format("9A9 9999", "Czechia", narrow=("", "ABCEHJKLMPSTUZ")),
        Format("9AA 9999", "Czechia"),
        Format("AAA 99-99", "Czechia until 2001", rare=True),
        Format(
            "AA 9999-AA", "Croatia, Serbia, North Macedonia, Bulgaria, Ukraine; Spain until 2000"
        ),
        Format("A 9999 AA", "Bulgaria", _LIKE_CYRILLIC),
        Format("A-9999-AA", "Spain until 2000 (A-9999-AA), Austria (A 9999AA)"),
        Format("A-99999A", "Austria", narrow=("BGKLPSVW",)),
        Format("A-9999A", "Austria", narrow=("BGKLPSVW",)),
        Format("AA-9AAA", "Austria"),
        Format("A99-A-999", "Bosnia and Herzegovina", "AEJKMOT"),
        Format("99-999-AA", "Kosovo"),
        Format("9999 AA-9", "Belarus", _LIKE_CYRILLIC),
        *formats(
            "99 A 9999, 99 A 99999, 99 AA 999, 99 AA 9999, 99 AAA 99, 99 AAA 999",
            "Turkey",
            narrow=("012345678",),
        ),
        *formats(
            "9999 AA 99, 999 AAA 99, 999 AA 99, 99 AAA 99",
            "France until 2009",
            letters=_FRENCH,
            narrow=(_ONE_ON,),
        ),
        *_ireland(),
    ),
)
