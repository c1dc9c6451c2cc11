"""The blocks of code in README.md and docs/ are tests: `pytest docs README.md` runs them alone."""

from __future__ import annotations

from tests.pages import PAGES

pytest_collect_file = PAGES.pytest()
