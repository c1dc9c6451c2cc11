"""The first bytes of a file, and clear errors if it cannot be read."""

from __future__ import annotations

import errno
import glob
import os
import stat
from pathlib import Path

from lpr.errors import SourceError
from lpr.source.media_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from lpr.source.search import scan
from lpr.source.shown_address import without_password

_HEAD = 4096  # Bytes that are read of a file: the type of every format shows in them

_MAX_HOLE = 1 << 30  # Bytes of a file that were never written; zeros are read there


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


def check_holes(name: str) -> None:
    """Raise SourceError if a large part of a file was never written, as of a broken download.

    FFmpeg would search such a hole, which may be a thousand times as large as the disk.
    """
    try:
        with Path(name).open("rb") as file:
            size, place = os.fstat(file.fileno()).st_size, 0
            while place + _MAX_HOLE <= size:
                hole = os.lseek(file.fileno(), place, os.SEEK_HOLE)
                place = _end_of_hole(file.fileno(), hole, size)
                if place - hole >= _MAX_HOLE:
                    raise SourceError(
                        f"{name}: the file is too large: of its {size:,} bytes, {place - hole:,} "
                        f"from byte {hole:,} on were never written; copy it again"
                    )
    except OSError as error:
        raise unreadable(name, error) from error


def _end_of_hole(file: int, hole: int, size: int) -> int:
    try:
        return os.lseek(file, hole, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:  # no data follows
            return size
        raise


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
