"""From what a user names to single files: folders, patterns, suffixes."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from lpr.source.media_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES


def expand(arguments: Sequence[str]) -> list[str]:
    """The single sources that ``arguments`` stand for, in order.

    A file stands for itself; a folder for the pictures and videos in it and below, by suffix, in
    the order of their paths, without hidden ones and without following links to folders; a pattern
    (``*``, ``?``, ``[...]``, ``**``) for the same of all that matches, unless a file has that very
    name. An argument that stands for nothing is given back as it is.
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
    """The sources in ``folder`` and below; a folder that may not be read stands for itself."""
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
    try:
        return Path(name).stat().st_mode if name else None
    except (OSError, ValueError):
        return None
