"""A progress bar on stderr where that is a terminal; nothing where it is a pipe or a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from tqdm import tqdm  # type: ignore[import-untyped]

T = TypeVar("T")


def progress(items: Iterable[T], unit: str, total: int | None = None) -> Bar[T]:
    """A bar that counts ``items`` while it is iterated over; use it as a context manager.

    ``total`` is how many are to come, by default ``len(items)`` where that exists.
    """
    return Bar(items, unit, total)


class Bar(Generic[T]):
    """The items themselves, counted on the terminal."""

    def __init__(self, items: Iterable[T], unit: str, total: int | None) -> None:
        self._bar = tqdm(
            items, total=total, unit=f" {unit}", disable=not _is_terminal(), dynamic_ncols=True
        )

    def __iter__(self) -> Iterator[T]:
        yield from self._bar

    def aside(self) -> AbstractContextManager[None]:
        """Within it others may print to the same terminal without running into the bar."""
        if self._bar.disable:
            return contextlib.nullcontext()
        return tqdm.external_write_mode(file=sys.stderr)  # type: ignore[no-any-return]

    def __enter__(self) -> Bar[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
