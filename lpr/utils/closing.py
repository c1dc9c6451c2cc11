"""Being a context manager by having a ``close``, and closing what may be anybody's code."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from lpr.errors import StuckError, wrap_plugin_errors

CLOSE_TIMEOUT = 10.0
"""Seconds after which what has not closed counts as stuck."""

C = TypeVar("C", bound="Closeable")


class Closeable(ABC):
    """Closes itself at the end of a ``with`` block, whatever happened in it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; calling it again does nothing."""

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
    name: str, close: Callable[[], None], patience: float = CLOSE_TIMEOUT
) -> None:
    """Call ``close`` of what is called ``name``, for at most ``patience`` seconds.

    It runs in a thread of its own, which is left to itself where it takes longer: the rest can then
    be closed as ever. Raises :class:`lpr.errors.StuckError` in that case, and
    :class:`lpr.errors.PluginError` where ``close`` raises.
    """
    failure: list[BaseException] = []

    def run() -> None:
        try:
            close()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name=f"closing {name}", daemon=True)
    thread.start()
    thread.join(patience)
    if thread.is_alive():
        raise StuckError(
            f"{name} did not close within {patience:g} s and was left behind; "
            "what it had given until then is kept"
        )
    with wrap_plugin_errors(name):
        if failure:
            raise failure[0]
