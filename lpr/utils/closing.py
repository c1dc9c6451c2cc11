"""Context managers with a ``close()``, and closing third-party code that may hang."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from lpr.errors import StuckError, wrap_plugin_errors

CLOSE_TIMEOUT = 10.0
"""Seconds after which a ``close()`` that has not returned counts as stuck."""

C = TypeVar("C", bound="Closeable")


class Closeable(ABC):
    """A context manager that calls ``close()`` at the end of its ``with`` block."""

    @abstractmethod
    def close(self) -> None:
        """Free all resources; further calls do nothing."""

    def __enter__(self: C) -> C:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def close_with_timeout(
    name: str, close: Callable[[], None], timeout: float = CLOSE_TIMEOUT
) -> None:
    """Call ``close`` in a daemon thread and abandon it after ``timeout`` seconds, so that shutdown
    can continue.

    Raises :class:`lpr.errors.StuckError` after the timeout, and :class:`lpr.errors.PluginError` if
    ``close`` raises; both begin with ``name``.
    """
    failure: list[BaseException] = []

    def run() -> None:
        try:
            close()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name=f"closing {name}", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise StuckError(
            f"{name} did not close within {timeout:g} s and was left behind; "
            "its results until then are kept"
        )
    with wrap_plugin_errors(name):
        if failure:
            raise failure[0]
