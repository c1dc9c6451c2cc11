"""A folder of pictures as a video."""

from __future__ import annotations

from collections.abc import Iterator

from lpr.errors import SourceError
from lpr.source.picture import decode
from lpr.source.search import scan
from lpr.types import Frame
from lpr.utils.closing import Closeable


class FrameFolder(Closeable):
    """The pictures of a folder as frames, sorted by name, ``fps`` per second."""

    def __init__(self, name: str, fps: float) -> None:
        """Raises :class:`lpr.errors.SourceError` if the folder holds no picture."""
        self._files = scan(name)
        if not self._files:
            raise SourceError(f"{name}: the folder holds no picture")
        self._name = name
        self.fps: float | None = fps
        self.start: float | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` if a picture cannot be read."""
        for index, file in enumerate(self._files):
            time = index / (self.fps or 1.0)
            clock = None if self.start is None else self.start + time
            yield Frame(decode(file), self._name, index, time, clock)

    def close(self) -> None:
        """Nothing is held open."""
