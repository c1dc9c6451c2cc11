"""A progress bar on stderr if that is a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from tqdm import tqdm  # type: ignore[import-untyped]

T = TypeVar("T")
P = TypeVar("P")

_COLUMNS, _ROWS = 80, 24
_REDRAW = 0.1  # Seconds between two drawings of the bar, which tqdm keeps to as well


def progress(items: Iterable[T], unit: str, total: int | None = None) -> Bar[T]:
    """A bar that counts ``items`` as it is iterated over; use it as a context manager.

    ``total`` is the number of items, by default ``len(items)`` if that exists.
    """
    return Bar(items, unit, total)


class Bar(Generic[T]):
    """Iterates over items and counts them on the terminal, in one line."""

    def __init__(self, items: Iterable[T], unit: str, total: int | None) -> None:
        if total is None and isinstance(items, Sized):
            total = len(items)
        self._items = items
        self._single = total == 1
        self._counts_items = not self._single
        self._bar = tqdm(total=total, unit=f" {unit}", disable=not _is_terminal(), **_size())
        self._drawn = 0.0

    def __iter__(self) -> Iterator[T]:
        for item in self._items:
            yield item
            if self._counts_items:
                self._bar.update()
        if self._single and self._bar.n == 0:
            self._bar.update()

    def parts(self, parts: Iterable[P], unit: str, total: int | None) -> Iterator[P]:
        """Iterate over the parts of the current item, and show their number in the same bar.

        If there is a single item, the bar counts its parts instead.
        """
        if self._single:
            self._bar.unit = f" {unit}"
            self._bar.reset(total)
        for number, part in enumerate(parts, 1):
            yield part
            if self._single:
                self._bar.update()
            elif total != 1:
                self._note(f"{unit} {number}" if total is None else f"{unit} {number}/{total}")
        if not self._single:
            self._bar.set_postfix_str("", refresh=False)

    def count(self, done: int, total: int | None) -> None:
        """Show that ``done`` of ``total`` are done, instead of counting items."""
        self._counts_items = False
        self._bar.total = total if total is None else max(done, total)
        self._bar.update(done - self._bar.n)

    def _note(self, text: str) -> None:
        now = time.monotonic()
        if not self._bar.disable and now - self._drawn >= _REDRAW:
            self._bar.set_postfix_str(text)
            self._drawn = now

    def aside(self) -> AbstractContextManager[None]:
        """A context in which other output to the terminal does not collide with the bar."""
        if self._bar.disable:
            return contextlib.nullcontext()
        return tqdm.external_write_mode(file=sys.stderr)  # type: ignore[no-any-return]

    def __enter__(self) -> Bar[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _size() -> dict[str, Any]:
    """The size that the bar keeps to: the terminal's; 80 x 24 if it states none (0 x 0)."""
    try:
        stated = os.get_terminal_size(sys.stderr.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return {"dynamic_ncols": True}
    return {"dynamic_ncols": True} if stated else {"ncols": _COLUMNS, "nrows": _ROWS}
