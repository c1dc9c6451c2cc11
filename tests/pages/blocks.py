"""A page's code blocks as sybil examples: each is run, or skipped with a reason.

All ``python`` blocks of a page share a namespace; each ``sh`` block is a separate script. All run
in one folder per page (:mod:`tests.pages.folder`). A block whose first line is a comment with a
file name (``# my_reader.py``) is written to that file; a module is then imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sybil import Document, Example, Region
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from tests.pages.data import run_json, run_toml
from tests.pages.folder import Folder
from tests.pages.python import run_python
from tests.pages.shell import run_shell

_FENCED = RawFencedCodeBlockLexer(re.compile(r"(?P<language>[^\n]*)$\n", re.MULTILINE))
_RUN = {"python": run_python, "sh": run_shell, "toml": run_toml, "json": run_json}
_PROSE = "text"


def blocks(document: Document) -> Iterator[Region]:
    """Every fenced block except those marked as text."""
    for region in _FENCED(document):
        language = region.lexemes["language"].strip()
        if language != _PROSE:
            run = _RUN.get(language, refuse)
            yield Region(region.start, region.end, region.lexemes["source"], run)


def refuse(example: Example) -> None:
    """Fail for blocks without a language or with an unknown one."""
    raise AssertionError(
        f"a code block that is neither run nor skipped: mark it as {', '.join(_RUN)} or "
        f'{_PROSE}, or put <!-- skip: next "reason" --> before it'
    )


class Skips(SkipParser):
    """``<!-- skip: next "reason" -->``; the reason is required."""

    def __call__(self, document: Document) -> Iterator[Region]:
        for region in super().__call__(document):
            action, reason = region.parsed
            if action != "end" and not re.search(r"\"[^\"]*\w[^\"]*\"", reason or ""):
                line = document.line_column(region.start)
                raise ValueError(f'{document.path}, {line}: skip: {action} needs a "reason"')
            yield region


PARSERS = (blocks, Skips())


def start(namespace: dict[str, Any]) -> None:
    """Runs before a page's first block."""
    namespace["folder"] = Folder()


def close(namespace: dict[str, Any]) -> None:
    """Runs after a page's last block."""
    namespace["folder"].close()
