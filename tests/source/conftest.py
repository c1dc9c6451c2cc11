from __future__ import annotations

from collections.abc import Iterator

import pytest

from lpr.source import quiet


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Broken videos make FFmpeg print a lot."""
    with quiet():
        yield
