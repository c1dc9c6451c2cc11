"""A progress bar on stderr if that is a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from tqdm import tqdm  # type: ignore[import-untyped]

T = TypeVar("T")


def progress(items: Iterable[T], unit: str, total: int | None = None) -> Bar[T]:
    """A bar that counts ``items`` as it is iterated over; use it as a context manager.

    ``total`` is the number of items, by default ``len(items)`` if that exists.
    """
    return Bar(items, unit, total)


class Bar(Generic[T]):
    """Iterates over items and counts them on the terminal."""

    def __init__(self, items: Iterable[T], unit: str, total: int | None) -> None:
        self._bar = tqdm(
            items, total=total, unit=f" {unit}", disable=not _is_terminal(), dynamic_ncols=True
        )

    def __iter__(self) -> Iterator[T]:
        yield from self._bar

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
