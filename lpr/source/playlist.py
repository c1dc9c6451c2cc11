"""HLS playlists (.m3u8, RFC 8216) as files: the segments that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lpr.errors import SourceError
from lpr.source.media_types import PLAYLIST_SUFFIX

_MAX_BYTES = 1 << 22  # of a playlist: a day of segments of two seconds


def uris(text: str) -> Iterator[str]:
    """What a playlist names: segments, or other playlists."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def named_files(name: str) -> set[str]:
    """The paths of the files that the playlist ``name`` names; empty if it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return set()
    folder = Path(name).parent
    return {
        os.path.normpath(folder / uri) for uri in uris(text) if "://" not in uri and "\0" not in uri
    }


def check_playlist(name: str) -> None:
    """Raise SourceError if ``name`` is a playlist one of whose files is missing.

    FFmpeg would skip a missing segment. It opens no address that a file names.
    """
    if Path(name).suffix.lower() != PLAYLIST_SUFFIX:
        return
    files = named_files(name)
    if not files:
        raise SourceError(
            f"{name}: the playlist names no file; if it names addresses, give lpr the playlist's "
            "own address (http://...)"
        )
    for file in sorted(files):
        if not Path(file).exists():
            raise SourceError(
                f"{name}: the playlist names {file}, which does not exist; copy it beside it"
            )
