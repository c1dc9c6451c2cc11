"""Plate styles as data: size, colours, formats and fittings. Region packs import this module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Colour: TypeAlias = tuple[int, int, int]
Caption: TypeAlias = Literal["place", "electric"]

WHITE: Colour = (236, 238, 238)
BLACK: Colour = (26, 24, 24)
RED: Colour = (38, 30, 176)
_GREEN: Colour = (72, 104, 22)
_YELLOW: Colour = (40, 196, 238)

_SEVEN = ("AAA-9999",)
_OLD_CARS = ("9999-AA", "AA-9999", "9999-A9", "A9-9999", "9A-9999", "9999-9A")
_OLD_MOTORCYCLES = (
    "AAA-999", "999-AAA", "A9A-999", "AA9-999", "9AA-999", "A99-999", "9A9-999", "99A-999",
    "999-A9A", "999-AA9", "999-9AA",
)  # fmt: skip
_OLD_TRUCKS = ("AA-999", "999-AA", "A9-999", "9A-999", "999-A9", "999-9A")
_NEW_TRAILERS = ("AAA-99",)
_TRAILERS = ("AA-99", "99-AA", "A9-99", "9A-99", "99-A9", "99-9A")


@dataclass(frozen=True, slots=True)
class Style:
    """One kind of plate. Colours are BGR, 0..255."""

    name: str
    sizes: tuple[tuple[int, int], ...]  # Possible widths and heights, in millimetres
    formats: tuple[str, ...]  # Patterns of the texts, such as ``AAA-9999``
    plate: Colour = WHITE
    ink: Colour = BLACK
    prefixes: str = ""  # Common first letters (empty: any)
    old: bool = False  # A plate from before 2012: thinner strokes and more slots
    caption: Caption | None = None  # Small characters above the text
    share: float = 1.0  # Relative frequency among the styles that have the same format
    blossoms: bool = True  # Faint blossoms along the lower edge, unless ``old``
    band: Colour | None = None  # Colour of a strip along the upper edge, if any

    def __post_init__(self) -> None:
        if not self.sizes or min(min(size) for size in self.sizes) <= 0:
            raise ValueError(f"style {self.name}: sizes have to be widths and heights above 0")
        for colour in (self.plate, self.ink, self.band or self.ink):
            if not all(0 <= part <= 255 for part in colour):
                raise ValueError(f"style {self.name}: {colour} is not a colour of parts 0..255")
        if self.share <= 0:
            raise ValueError(f"style {self.name}: share has to be above 0")


_CAR = ((380, 160),)
_MOTORCYCLE = ((260, 140), (260, 140), (300, 150))
_OLD_CAR = ((320, 150),)
_OLD_MOTORCYCLE = ((260, 140), (260, 130))

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style("car", _CAR, _SEVEN, prefixes="ABC", share=6),
        Style("motorcycle", _MOTORCYCLE, _SEVEN, prefixes="MNP", share=8),
        Style("electric", _CAR + _MOTORCYCLE, _SEVEN, prefixes="E", caption="electric", share=1),
        Style("rental", _CAR, _SEVEN, prefixes="R", share=0.6),
        Style("taxi", _CAR, _SEVEN, ink=RED, prefixes="T", share=0.6),
        Style("light-motorcycle", _MOTORCYCLE, _SEVEN, _GREEN, WHITE, "QE", share=0.5),
        Style("heavy-yellow", _MOTORCYCLE, _SEVEN, _YELLOW, BLACK, "L", share=0.6),
        Style("heavy-red", _MOTORCYCLE, _SEVEN, RED, WHITE, "L", share=0.6),
        Style("truck", _CAR, (*_SEVEN, "AAA-999"), _GREEN, WHITE, "KH", share=0.5),
        Style("private-truck", _CAR, (*_SEVEN, "AAA-999"), ink=_GREEN, prefixes="KBA", share=0.4),
        Style("coach", _CAR, (*_SEVEN, "AAA-999"), RED, WHITE, "K", share=0.2),
        Style("old-car", _OLD_CAR, _OLD_CARS, old=True, share=4),
        Style("old-car-place", _OLD_CAR, _OLD_CARS, old=True, caption="place", share=2),
        Style("old-motorcycle", _OLD_MOTORCYCLE, _OLD_MOTORCYCLES, old=True, share=4),
        Style("old-motorcycle-place", _OLD_MOTORCYCLE, _OLD_MOTORCYCLES, old=True, caption="place",
              share=2),
        Style("old-green", _OLD_MOTORCYCLE, _OLD_MOTORCYCLES, _GREEN, WHITE, old=True, share=0.7),
        Style("old-taxi", _OLD_CAR, _OLD_TRUCKS, ink=RED, old=True, caption="place", share=1),
        Style("old-truck", _OLD_CAR, _OLD_TRUCKS, _GREEN, WHITE, old=True, caption="place"),
        Style("old-coach", _OLD_CAR, _OLD_TRUCKS, RED, WHITE, old=True, share=0.5),
        Style("old-private-truck", _OLD_CAR, _OLD_TRUCKS, ink=_GREEN, old=True, share=1),
        Style("old-heavy", _OLD_MOTORCYCLE, _TRAILERS, RED, WHITE, old=True, share=0.7),
        Style("trailer", _OLD_CAR, _TRAILERS, ink=_GREEN, old=True, share=0.6),
        Style("new-trailer", _CAR, _NEW_TRAILERS, prefixes="H", share=0.6),
        Style("old-trailer", _OLD_CAR, _TRAILERS, _GREEN, WHITE, old=True, share=0.6),
    )
}  # fmt: skip
