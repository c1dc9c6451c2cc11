"""What to look for in a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from lpr_store.similar import neighbours
from lpr_store.tables import plates, sightings

MAX_LIMIT = 1000
"""Sightings of one answer, at most."""


@dataclass(frozen=True, slots=True)
class Query:
    """The sightings to find; a condition that is None or empty holds for all.

    ``text`` is a plate's text. ``*`` stands for any characters and ``?`` for one; spaces, hyphens
    and case do not count. With ``similar``, texts within an edit distance of 1 are found too, where
    characters that look alike count less (:mod:`lpr_store.similar`). ``since`` and ``until`` are
    milliseconds since 1970 and bound when a vehicle was first seen (``since <= first < until``).

    At most ``limit`` sightings are given, the newest first, or the oldest with ``order``
    ``oldest``. ``after`` is where the page before ended: ``Page.next``.
    """

    text: str = ""
    similar: bool = False
    since: int | None = None
    until: int | None = None
    camera: str | None = None
    region: str | None = None
    kind: str | None = None
    min_confidence: float = 0.0
    order: Literal["newest", "oldest"] = "newest"
    limit: int = 100
    after: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"limit has to lie in 1..{MAX_LIMIT}, not {self.limit}")
        if self.similar and self.is_pattern:
            raise ValueError("a text with * or ? cannot be similar to another")

    @property
    def normalized(self) -> str:
        """``text`` as texts are stored: upper case, without separators."""
        return "".join(self.text.upper().replace("-", " ").replace("\N{MIDDLE DOT}", " ").split())

    @property
    def is_pattern(self) -> bool:
        """Whether ``text`` stands for several texts."""
        return "*" in self.text or "?" in self.text

    def conditions(self, symbols: frozenset[str]) -> list[sa.ColumnElement[bool]]:
        """The conditions on :data:`lpr_store.tables.sightings`, but for ``after``; ``symbols`` are
        the characters of all texts."""
        row = sightings.c
        found: list[sa.ColumnElement[bool]] = []
        if self.text:
            found.append(self._text_condition(symbols))
        for column, value in (
            (row.camera, self.camera),
            (row.region, self.region),
            (row.kind, self.kind),
        ):
            if value is not None:
                found.append(column == value)
        if self.since is not None:
            found.append(row.first >= self.since)
        if self.until is not None:
            found.append(row.first < self.until)
        if self.min_confidence > 0:
            found.append(row.confidence >= self.min_confidence)
        return found

    def _text_condition(self, symbols: frozenset[str]) -> sa.ColumnElement[bool]:
        if self.is_pattern:
            # Fewer texts than sightings: find these first.
            return sightings.c.text.in_(
                sa.select(plates.c.text).where(self.plate_condition(symbols))
            )
        if self.similar:
            return sightings.c.text.in_(sorted(neighbours(self.normalized, symbols)))
        return sightings.c.text == self.normalized

    def plate_condition(self, symbols: frozenset[str]) -> sa.ColumnElement[bool]:
        """The condition of ``text`` on :data:`lpr_store.tables.plates`."""
        if self.is_pattern:
            return plates.c.text.like(_like(self.normalized), escape="\\")
        if self.similar:
            return plates.c.text.in_(sorted(neighbours(self.normalized, symbols)))
        return plates.c.text == self.normalized


def _like(pattern: str) -> str:
    """A pattern with ``*`` and ``?`` as SQL's LIKE writes it."""
    for char in ("\\", "%", "_"):
        pattern = pattern.replace(char, f"\\{char}")
    return pattern.replace("*", "%").replace("?", "_")
