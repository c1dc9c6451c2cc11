"""No output may overwrite an input."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lpr.errors import OutputError


def refuse_sources(outputs: Iterable[Path], sources: Iterable[str]) -> None:
    """Raise OutputError if one of ``outputs`` is the file of one of ``sources``, by any name."""
    inputs = {identity for source in sources if (identity := _identity(Path(source)))}
    for output in outputs:
        if _identity(output) in inputs:
            raise OutputError(f"{output}: this would overwrite a source; choose another name")


def same_file(a: Path, b: Path) -> bool:
    """Whether two names stand for one file, also one that is not there yet."""
    there = _identity(a), _identity(b)
    return there[0] == there[1] if any(there) else a.absolute() == b.absolute()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
