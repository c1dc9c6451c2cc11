"""What all tests share, those of the plugins and of the pages too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pages import PAGES

# The blocks of code in README.md and docs/ are tests: `pytest docs README.md` runs them alone.
pytest_collect_file = PAGES.pytest()


@pytest.fixture(scope="session", autouse=True)
def no_traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the tests convert and measure is kept in a folder of theirs, not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LPR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
