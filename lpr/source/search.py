"""Expanding arguments (files, folders, patterns) into single files."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from lpr.source.media_types import (
    AMBIGUOUS_SUFFIXES,
    PICTURE_SUFFIXES,
    PLAYLIST_SUFFIX,
    VIDEO_SUFFIXES,
    media_type_by,
)
from lpr.source.playlist import named_files

_HEAD = 4096  # Bytes that are read of a file whose suffix is ambiguous


def expand(arguments: Sequence[str]) -> list[str]:
    """The single sources that ``arguments`` name, in order.

    A folder gives the pictures and videos in it and below, by suffix, sorted by path, without
    hidden ones and without following links to folders. A playlist in it stands for the files that
    it names. A pattern (``*``, ``?``, ``[...]``, ``**``) gives the same for all its matches,
    unless a file has exactly that name. An argument that matches nothing is returned unchanged.
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
        elif _is_media(match):
            found.append(match)
    return _without_segments(dict.fromkeys(found))


def scan(folder: str) -> list[str]:
    """The sources in ``folder`` and below; an unreadable folder is listed itself."""
    found: list[str] = []
    unreadable: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=lambda e: unreadable.append(e.filename)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(
            os.path.join(parent, name)  # noqa: PTH118 - Path would drop a leading "./"
            for name in files
            if not name.startswith(".") and _is_media(os.path.join(parent, name))  # noqa: PTH118
        )
    found = _without_segments(found)
    return sorted(found + unreadable, key=lambda path: Path(path).parts)


def _is_media(name: str) -> bool:
    """Whether a file is a picture or video, by its suffix; by its content if that is ambiguous."""
    suffix = Path(name).suffix.lower()
    if suffix not in AMBIGUOUS_SUFFIXES:
        return suffix in PICTURE_SUFFIXES | VIDEO_SUFFIXES
    if not stat.S_ISREG(mode_of(name) or 0):
        return False
    try:
        with Path(name).open("rb") as file:
            return media_type_by(name, file.read(_HEAD)) is not None
    except OSError:
        return False


def _without_segments(names: Iterable[str]) -> list[str]:
    """``names`` without the files that a playlist among them names."""
    names = list(names)
    playlists = [name for name in names if Path(name).suffix.lower() == PLAYLIST_SUFFIX]
    named = set[str]().union(*map(named_files, playlists))
    return [name for name in names if not named or os.path.normpath(name) not in named]


def mode_of(name: str) -> int | None:
    """The mode bits of a file or folder; None if it does not exist."""
    try:
        return Path(name).stat().st_mode if name else None
    except (OSError, ValueError):
        return None
