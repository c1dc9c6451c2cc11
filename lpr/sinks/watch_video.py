"""The annotated video of a camera, which goes on after a full disk."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from lpr.errors import OutputError
from lpr.sinks.video_writer import FRAGMENT_SECONDS, VideoWriter
from lpr.types import Image
from lpr.utils.closing import Closeable
from lpr.utils.text import unique_name

_FIRST_PAUSE, _LAST_PAUSE = 10.0, 600.0  # Seconds between attempts, doubled after each


class WatchVideo(Closeable):
    """Writes a video file; after a failure, what follows goes into another one (``out-2.mp4``).

    The caller goes on after an error: see ``ready``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = VideoWriter(path)
        self._current = path
        self._pause = _FIRST_PAUSE
        self._retry_at = float("-inf")
        self._began: float | None = None
        self._failed = False

    @property
    def ready(self) -> bool:
        """Whether to write now: not in the pause after a failure, which grows."""
        return time.monotonic() >= self._retry_at

    def write(self, image: Image, moment: float | None) -> None:
        """Append a frame (BGR, ``H x W x 3``), ``moment`` in seconds.

        Raises :class:`lpr.errors.OutputError` if it cannot be written.
        """
        now = moment or 0.0
        if self._failed:
            self._current = unique_free(self._path)
            self._writer = VideoWriter(self._current)
            self._failed, self._began = False, None
        if self._began is None:
            self._began = now
        try:
            self._writer.write(image, now - self._began if self._current != self._path else moment)
        except OutputError:
            self._failed = True
            self._retry_at = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LAST_PAUSE)
            if now - self._began < FRAGMENT_SECONDS:  # nothing of it can be played
                with suppress(OSError):
                    self._current.unlink()
            raise
        if now - self._began >= _FIRST_PAUSE:
            self._pause = _FIRST_PAUSE

    def close(self) -> None:
        """Finish the file. Raises :class:`lpr.errors.OutputError` if that fails."""
        if not self._failed:
            self._failed = True
            self._writer.close()


def unique_free(path: Path) -> Path:
    """``path``, or with ``-2``, ``-3``... before its suffix, so that it replaces no file."""
    return path.with_name(
        unique_name(path.stem, lambda name: path.with_name(name).exists(), path.suffix)
    )
