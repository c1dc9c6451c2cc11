"""A region is a list of formats; it says which texts are legal and how they are displayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"


@dataclass(frozen=True)
class Format:
    """A pattern of plates: ``A`` is a letter, ``9`` a digit, anything else stands for itself.

    ``Format("AAA-9999", "cars since 2012").display("ABC1234") == "ABC-1234"``

    ``letters`` are those that may stand for an ``A``. ``kind`` is the kind of vehicle (``"car"``);
    ``kinds`` names others by the first letters of their texts, as in ``(("MNP", "motorcycle"),)``.
    """

    pattern: str
    description: str
    letters: str = _LETTERS
    kind: str | None = None
    kinds: tuple[tuple[str, str], ...] = ()

    @cached_property
    def legal(self) -> tuple[str, ...]:
        """The characters that may stand at each place of a text."""
        classes = {"A": self.letters, "9": _DIGITS}
        return tuple(classes[symbol] for symbol in self.pattern if symbol in classes)

    def display(self, text: str) -> str | None:
        """``text`` (``A-Z0-9``) with this format's separators, or None where it does not fit."""
        fits = len(text) == len(self.legal) and all(map(str.__contains__, self.legal, text))
        if not fits:
            return None
        characters = iter(text)
        return "".join(next(characters) if s in "A9" else s for s in self.pattern)

    def kind_of(self, text: str) -> str | None:
        """The kind of vehicle with a text of this format; None where that does not tell."""
        named = (kind for letters, kind in self.kinds if text[:1] in letters)
        return next(named, self.kind)


@dataclass(frozen=True)
class Region:
    """``code`` is lower case and short (``tw``); ``formats`` are tried in order."""

    code: str
    name: str
    formats: tuple[Format, ...]

    def display(self, text: str) -> str | None:
        """The text as people of this region write it; None where no format fits."""
        return next((d for f in self.formats if (d := f.display(text)) is not None), None)

    def kind_of(self, text: str) -> str | None:
        """The kind of vehicle by the first format that fits; None where that does not tell."""
        fitting = (f for f in self.formats if f.display(text) is not None)
        return next((f.kind_of(text) for f in fitting), None)


def identify(text: str, regions: Iterable[Region]) -> tuple[str, str] | None:
    """The code of the first region with a format that fits, and the text as displayed there."""
    for region in regions:
        display = region.display(text)
        if display is not None:
            return region.code, display
    return None
