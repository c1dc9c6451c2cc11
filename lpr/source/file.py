"""Reading a file's first bytes, and why a file cannot be read, in words."""

from __future__ import annotations

import glob
import os
import stat
from pathlib import Path

from lpr.errors import SourceError
from lpr.source.media_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from lpr.source.search import scan


def read_head(name: str) -> bytes:
    """The first bytes of a file. Raises SourceError where there is none or it may not be read."""
    try:
        mode = Path(name).stat().st_mode if name else 0
        if stat.S_ISDIR(mode):
            raise _folder_problem(name)
        if not stat.S_ISREG(mode):
            raise SourceError(f"{name!r}: this is neither a file nor a folder")
        with Path(name).open("rb") as file:
            return file.read(4096)
    except (FileNotFoundError, NotADirectoryError):
        if glob.has_magic(name):
            raise SourceError(f"{name}: no picture or video matches this pattern") from None
        raise SourceError(f"{name}: no such file or folder; check the name") from None
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from error


def _folder_problem(name: str) -> SourceError:
    with os.scandir(name):
        pass
    if scan(name):
        return SourceError(f"{name}: this is a folder; name the files in it")
    looked_for = " ".join(sorted(PICTURE_SUFFIXES | VIDEO_SUFFIXES))
    return SourceError(
        f"{name}: the folder holds no picture or video; looked for {looked_for} in it and below"
    )


def unreadable(name: str, error: Exception) -> SourceError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    advice = "; check its permissions" if isinstance(error, PermissionError) else ""
    return SourceError(f"{name}: cannot be read: {reason}{advice}")
