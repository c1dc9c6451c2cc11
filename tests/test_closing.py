from __future__ import annotations

import threading

import pytest

from lpr.errors import PluginError, StuckError
from lpr.utils.closing import close_with_timeout


def test_what_closes_closes() -> None:
    closed = []
    close_with_timeout("it", lambda: closed.append(True))
    assert closed == [True]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit("no")])
def test_what_fails_is_named(error: BaseException) -> None:
    def close() -> None:
        raise error

    with pytest.raises(PluginError, match=f"it failed: {type(error).__name__}: no"):
        close_with_timeout("it", close)


def test_what_hangs_is_named_and_left_behind() -> None:
    never = threading.Event()
    with pytest.raises(StuckError, match=r"it did not close within 0\.05 s"):
        close_with_timeout("it", never.wait, timeout=0.05)  # type: ignore[arg-type]
    never.set()
