"""The cache folder, and files and folders that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lpr.errors import ModelError, OutputError


def cache_folder() -> Path:
    """``$LPR_CACHE``, or ``lpr`` in the user's cache folder (``$XDG_CACHE_HOME``, ``~/.cache``)."""
    given = os.environ.get("LPR_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lpr"


def state_folder() -> Path:
    """``$LPR_STATE``, or ``lpr`` in the user's state folder (``$XDG_STATE_HOME``,
    ``~/.local/state``): what must survive a restart."""
    given = os.environ.get("LPR_STATE")
    if given:
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "lpr"


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


def write_durably(file: Path, data: bytes) -> None:
    """Write ``file`` whole or not at all; when this returns, the disk has it.

    Raises ``OSError`` if it cannot be written.
    """
    part = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _flush_folder(file.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power failure."""
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
