"""Output paths: their folders, their names, and no output that overwrites an input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from lpr.errors import OutputError


def refuse_sources(outputs: Iterable[Path], sources: Iterable[str]) -> None:
    """Raise OutputError if one of ``outputs`` is the file of one of ``sources``, by any name."""
    inputs = {identity for source in sources if (identity := _identity(Path(source)))}
    for output in outputs:
        if _identity(output) in inputs:
            raise OutputError(f"{output}: this would overwrite a source; choose another name")


def make_folders(folders: Iterable[Path]) -> None:
    """Make the folders that are missing. Raises OutputError if one cannot be made."""
    for folder in set(folders):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error


def file_stems(cameras: Iterable[str]) -> dict[str, str]:
    """The beginning of each camera's file names: its name in characters that file names allow.

    No two are alike, even if case is ignored.
    """
    stems: dict[str, str] = {}
    for camera in cameras:
        base = re.sub(r"[^\w.-]", "_", clean(camera)) or "_"
        stem, number = base, 1
        while stem.casefold() in {taken.casefold() for taken in stems.values()}:
            number += 1
            stem = f"{base}-{number}"
        stems[camera] = stem
    return stems


def clean(name: str) -> str:
    """A file name as valid UTF-8: other bytes become ``\\udcXX``."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def refuse_twins(outputs: Iterable[Path]) -> None:
    """Raise OutputError if two of ``outputs`` are one file."""
    paths = list(outputs)
    for number, path in enumerate(paths):
        if any(same_file(path, other) for other in paths[:number]):
            raise OutputError(f"{path}: two outputs name this file; choose another for one of them")


def same_file(a: Path, b: Path) -> bool:
    """Whether two names stand for one file, even one that does not exist yet."""
    existing = _identity(a), _identity(b)
    return existing[0] == existing[1] if any(existing) else a.absolute() == b.absolute()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
