"""No output may overwrite an input."""

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


def file_stems(cameras: Iterable[str]) -> dict[str, str]:
    """What the files of each camera begin with: its name as far as file names hold it, each its
    own, also where capitals are all that tells two apart."""
    stems: dict[str, str] = {}
    for camera in cameras:
        usual = re.sub(r"[^\w.-]", "_", clean(camera)) or "_"
        stem, number = usual, 1
        while stem.casefold() in {taken.casefold() for taken in stems.values()}:
            number += 1
            stem = f"{usual}-{number}"
        stems[camera] = stem
    return stems


def clean(name: str) -> str:
    """A file name that any UTF-8 stream takes: bytes that are not UTF-8 become ``\\udcXX``."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def refuse_twins(outputs: Iterable[Path]) -> None:
    """Raise OutputError if two of ``outputs`` are one file."""
    given = list(outputs)
    for number, path in enumerate(given):
        if any(same_file(path, other) for other in given[:number]):
            raise OutputError(f"{path}: two outputs name this file; choose another for one of them")


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
