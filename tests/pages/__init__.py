"""The pages whose code blocks are tests, and their runner."""

from __future__ import annotations

from sybil import Sybil

from tests.pages.blocks import PARSERS, close, start
from tests.pages.folder import REPOSITORY

PAGES = Sybil(
    parsers=PARSERS,
    path=str(REPOSITORY),
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    excludes=["*/README.md"],
    setup=start,
    teardown=close,
)
