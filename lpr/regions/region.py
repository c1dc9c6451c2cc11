"""A region is a list of formats, which define the legal texts and their display."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_SAME_GAP = 0.01  # Pitches of characters: gaps come in time steps, a tenth of a pitch or more


@dataclass(frozen=True)
class Format:
    """A pattern of plates: ``A`` is a letter, ``9`` a digit, anything else stands for itself.

    ``Format("AAA-9999", "cars since 2012").display("ABC1234") == "ABC-1234"``

    ``letters`` are the legal ones for an ``A``. ``kind`` is the kind of vehicle (``"car"``);
    ``kinds`` overrides it for texts by their first letter, as in ``(("MNP", "motorcycle"),)``.
    ``narrow`` restricts the characters of a text place by place, as in ``("B", "", "123")``: an
    empty string, or an early end, leaves places unrestricted. ``symbols`` are characters beyond
    ``A-Z0-9`` that other plates of this shape have in place of a letter: a network that does not
    know them reads a letter there, so a text in this format is doubtful.

    ``words`` restricts several places together, as ``((0, ("BN", "HH")),)``: from place 0 on, a
    text has one of these words, which have one length. A format that is ``rare`` counts only for a
    text that fits no other format of its region.

    Raises ``ValueError`` for words that the pattern does not allow.
    """

    pattern: str
    description: str
    letters: str = _LETTERS
    kind: str | None = None
    kinds: tuple[tuple[str, str], ...] = ()
    narrow: tuple[str, ...] = ()
    symbols: str = ""
    words: tuple[tuple[int, tuple[str, ...]], ...] = ()
    rare: bool = False

    def __post_init__(self) -> None:
        for place, words in self.words:
            _check_words(self, place, words)

    @cached_property
    def legal(self) -> tuple[str, ...]:
        """The legal characters of each place of a text."""
        classes = {"A": self.letters, "9": _DIGITS}
        usual = (classes[symbol] for symbol in self.pattern if symbol in classes)
        return tuple(
            fewer or place for place, fewer in zip_longest(usual, self.narrow, fillvalue="")
        )

    def display(self, text: str) -> str | None:
        """``text`` (``A-Z0-9``) with this format's separators, or None if it does not fit."""
        fits = len(text) == len(self.legal) and all(map(str.__contains__, self.legal, text))
        if not fits or not all(text.startswith(words, place) for place, words in self.words):
            return None
        characters = iter(text)
        return "".join(next(characters) if s in "A9" else s for s in self.pattern)

    @cached_property
    def branches(self) -> frozenset[tuple[str, ...]]:
        """The legal characters of each place as in :attr:`legal`, once for each beginning of a
        word: together they are all texts of this format."""
        found = {self.legal}
        for place, words in self.words:
            ends: dict[str, str] = {}
            for word in words:
                ends[word[:-1]] = ends.get(word[:-1], "") + word[-1]
            found = {
                (*rest[:place], *start, "".join(sorted(end)), *rest[place + len(start) + 1 :])
                for rest in found
                for start, end in ends.items()
            }
        return frozenset(found)

    def kind_of(self, text: str) -> str | None:
        """The kind of vehicle of a text in this format; None if the format leaves it open."""
        named = (kind for letters, kind in self.kinds if text[:1] in letters)
        return next(named, self.kind)


def _check_words(form: Format, place: int, words: Sequence[str]) -> None:
    if not words or len({*map(len, words)}) != 1 or not words[0]:
        raise ValueError(
            f"{form.pattern}: words at one place have one length; give several formats"
        )
    for word in words:
        legal = form.legal[place : place + len(word)]
        if len(legal) < len(word) or not all(map(str.__contains__, legal, word)):
            raise ValueError(f"{form.pattern}: the word {word!r} does not fit at place {place}")


def formats(patterns: str, description: str, **options: Any) -> tuple[Format, ...]:
    """The formats of several ``patterns``, separated by commas, that share everything else."""
    return tuple(Format(each, description, **options) for each in patterns.split(", "))


@dataclass(frozen=True)
class Region:
    """The plates of a country. ``code`` is short and lower case (``tw``); the first of ``formats``
    that fits a text counts."""

    code: str
    name: str
    formats: tuple[Format, ...]

    @cached_property
    def _by_length(self) -> Mapping[int, Sequence[Format]]:
        # Large regions have hundreds of formats; most have another length than the text.
        formats: dict[int, list[Format]] = {}
        for form in self.formats:
            formats.setdefault(len(form.legal), []).append(form)
        return formats

    def match(self, text: str, gaps: Sequence[float] = ()) -> Match | None:
        """The first format that ``text`` (``A-Z0-9``) fits; None if it fits none. Rare formats
        come last.

        The text may fit formats that only separate it elsewhere, as ``B-NO 1234`` and
        ``BN-O 1234``. ``gaps``, the distances between neighbouring characters, then decide: the
        format with the widest gaps at its separators counts. Without them, or if they are equal,
        it is the first format, and the match is ``guessed``.
        """
        shapes = [
            Match(self, form, display)
            for form in self._by_length.get(len(text), ())
            if (display := form.display(text)) is not None
        ]
        if not shapes:
            return None
        shapes = [found for found in shapes if not found.format.rare] or shapes
        places = [_separated(found.display) for found in shapes]
        rivals = {
            tuple(place): found
            for place, found in reversed(list(zip(places, shapes, strict=True)))
            if len(place) == len(places[0])
        }
        first = tuple(places[0])
        if len(rivals) == 1:
            return shapes[0]
        if len(gaps) != len(text) - 1:
            return shapes[0]._replace(guessed=True)
        widths = {place: sum(gaps[n - 1] for n in place) for place in rivals}
        widest = max(widths.values())
        best = [place for place in rivals if widths[place] > widest - _SAME_GAP]
        if len(best) == 1:
            return rivals[best[0]]
        return rivals[first if first in best else best[-1]]._replace(guessed=True)

    def display(self, text: str) -> str | None:
        """The text with the separators of this region; None if no format fits."""
        found = self.match(text)
        return found and found.display

    def kind_of(self, text: str) -> str | None:
        """The kind of vehicle by the first format that fits; None if unknown."""
        found = self.match(text)
        return found and found.format.kind_of(text)


class Match(NamedTuple):
    """The region and format that a text fits, and the text as displayed there. ``guessed``: other
    formats separate the text elsewhere, and nothing told which is right."""

    region: Region
    format: Format
    display: str
    guessed: bool = False


def _separated(display: str) -> list[int]:
    """The numbers of characters before each separator."""
    places, count = [], 0
    for char in display:
        if char.isalnum():
            count += 1
        else:
            places.append(count)
    return places


def match(text: str, regions: Iterable[Region], gaps: Sequence[float] = ()) -> Match | None:
    """The first format that ``text`` fits, of the first region with one; None if it fits none.

    The format's ``description`` names all kinds of vehicles or countries that share the format.
    """
    return next((found for region in regions if (found := region.match(text, gaps))), None)


def identify(text: str, regions: Iterable[Region]) -> tuple[str, str] | None:
    """The code of the first region with a fitting format, and the text as displayed there."""
    found = match(text, regions)
    return found and (found.region.code, found.display)
