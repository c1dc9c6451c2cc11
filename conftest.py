"""What all tests share, those of the plugins and of the pages too."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

# Before torch is loaded: the tests' small networks make oneDNN of torch 2.13 write where it should
# not, in gradients of fewer than 16 channels, where there is AVX-512.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

import pytest
from hypothesis import settings

from tests import properties
from tests.pages import PAGES

# The blocks of code in README.md and docs/ are tests: `pytest docs README.md` runs them alone.
pytest_collect_file = PAGES.pytest()

settings.load_profile(properties.PROFILE)

# A shell starts background jobs with SIGINT ignored, and programs inherit that: those which the
# tests interrupt would never end.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the tests convert and measure is kept in a folder of theirs, not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LPR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
