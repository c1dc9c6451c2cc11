"""Files: the cache folder, and writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """``$LPR_CACHE``, or ``lpr`` in the user's cache folder (``$XDG_CACHE_HOME``, ``~/.cache``)."""
    given = os.environ.get("LPR_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lpr"


@contextmanager
def write_atomically(file: Path) -> Iterator[Path]:
    """Give a temporary path of the same name, which replaces ``file`` at the end of the block.

    ``file`` is replaced whole or, if the block or the process fails, not at all; several processes
    may write it at once. Raises ``OSError`` if it cannot be written, also if its folder is missing.
    """
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
        part = Path(folder) / file.name
        yield part
        part.replace(file)
