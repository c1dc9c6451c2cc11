"""The first bytes of a file, and clear errors if it cannot be read."""

from __future__ import annotations

import glob
import os
import stat
from pathlib import Path

from lpr.errors import SourceError
from lpr.source.media_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from lpr.source.search import scan
from lpr.source.shown_address import without_password

_HEAD = 4096  # Bytes that are read of a file: the type of every format shows in them


def read_head(name: str) -> bytes:
    """The first bytes of a file. Raises SourceError if it is missing or cannot be read."""
    try:
        mode = Path(name).stat().st_mode if name else 0
        if stat.S_ISDIR(mode):
            raise _folder_problem(name)
        if not stat.S_ISREG(mode):
            raise SourceError(f"{name!r}: this is neither a file nor a folder")
        with Path(name).open("rb") as file:
            return file.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError):
        if glob.has_magic(name):
            raise SourceError(f"{name}: no picture or video matches this pattern") from None
        shown = without_password(name)
        raise SourceError(f"{shown}: no such file or folder; check the name") from None
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from error


def _folder_problem(name: str) -> SourceError:
    with os.scandir(name):
        pass
    if scan(name):
        return SourceError(f"{name}: this is a folder; name the files in it")
    suffixes = " ".join(sorted(PICTURE_SUFFIXES | VIDEO_SUFFIXES))
    looked = f"looked for {suffixes} in it and below"
    return SourceError(f"{name}: the folder holds no picture or video; {looked}")


def unreadable(name: str, error: Exception) -> SourceError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    advice = "; check its permissions" if isinstance(error, PermissionError) else ""
    return SourceError(f"{name}: cannot be read: {reason}{advice}")
