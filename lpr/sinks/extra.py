"""Outputs that records do not depend on: a failing one is reported, and tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lpr.errors import OutputError, describe

T = TypeVar("T")


class Extra:
    """Evidence, a page, a video: something that may fail while the records go on.

    ``name`` is what the user calls it; ``report`` takes messages. ``failures`` counts what could
    not be written.
    """

    def __init__(self, name: str, report: Callable[[str], None]) -> None:
        self.name = name
        self.failures = 0
        self._report = report
        self._failing = False

    def attempt(self, action: Callable[[], T]) -> T | None:
        """Do ``action`` and return its result, or None if it fails.

        Of failures in a row, only the first is reported, and the first success after them.
        """
        try:
            result = action()
        except Exception as error:
            self.failures += 1
            if not self._failing:
                reason = str(error) if isinstance(error, OutputError) else describe(error)
                self._report(f"{self.name} failed, records go on without it: {reason}")
            self._failing = True
            return None
        if self._failing:
            self._failing = False
            self._report(f"{self.name} works again")
        return result
