"""Expanding arguments (files, folders, patterns) into single files."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from lpr.source.media_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES


def expand(arguments: Sequence[str]) -> list[str]:
    """The single sources that ``arguments`` name, in order.

    A folder gives the pictures and videos in it and below, by suffix, sorted by path, without
    hidden ones and without following links to folders. A pattern (``*``, ``?``, ``[...]``, ``**``)
    gives the same for all its matches, unless a file has exactly that name. An argument that
    matches nothing is returned unchanged.
    """
    return [source for argument in arguments for source in _expand(argument) or [argument]]


def _expand(argument: str) -> list[str]:
    mode = mode_of(argument)
    if mode is not None:
        return scan(argument) if stat.S_ISDIR(mode) else [argument]
    if not glob.has_magic(argument):
        return []
    found: list[str] = []
    # Path.glob would drop a leading "./" and does not skip hidden files.
    for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207
        if stat.S_ISDIR(mode_of(match) or 0):
            found.extend(scan(match))
        elif _has_media_suffix(match):
            found.append(match)
    return list(dict.fromkeys(found))


def scan(folder: str) -> list[str]:
    """The sources in ``folder`` and below; an unreadable folder is listed itself."""
    found: list[str] = []
    unreadable: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=lambda e: unreadable.append(e.filename)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(
            os.path.join(parent, name)  # noqa: PTH118 - Path would drop a leading "./"
            for name in files
            if not name.startswith(".") and _has_media_suffix(name)
        )
    return sorted(found + unreadable, key=lambda path: Path(path).parts)


def _has_media_suffix(name: str) -> bool:
    return Path(name).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES


def mode_of(name: str) -> int | None:
    """The mode bits of a file or folder; None if it does not exist."""
    try:
        return Path(name).stat().st_mode if name else None
    except (OSError, ValueError):
        return None
