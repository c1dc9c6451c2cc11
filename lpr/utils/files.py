"""The cache folder, and files and folders that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lpr.errors import ModelError, OutputError


def cache_folder() -> Path:
    """``$LPR_CACHE``, or ``lpr`` in the user's cache folder (``$XDG_CACHE_HOME``, ``~/.cache``)."""
    given = os.environ.get("LPR_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lpr"


def read_model_file(file: Path) -> bytes:
    """The content of a model's file; raises :class:`lpr.errors.ModelError` if it is unreadable."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error


@contextmanager
def write_atomically(file: Path) -> Iterator[Path]:
    """Give a temporary path of the same name, which replaces ``file`` at the end of the block.

    ``file`` is replaced whole or, if the block or the process fails, not at all; several processes
    may write it at once. Raises ``OSError`` if it cannot be written, also if its folder is missing.
    """
    with tempfile.TemporaryDirectory(prefix=".lpr-", dir=file.parent) as folder:
        part = Path(folder) / file.name
        yield part
        part.replace(file)


@contextmanager
def write_new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty temporary folder, which becomes ``folder`` at the end of the block.

    Raises :class:`lpr.errors.OutputError` if ``folder`` exists.
    """
    if folder.exists():
        raise OutputError(f"{folder}: is there already; name a folder that is not, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(folder) as part:
        part.mkdir()
        yield part
