"""Pictures: one, the pages of a file, or a folder of them as a video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from lpr.errors import SourceError
from lpr.source.animation import Animation
from lpr.source.decoding import MAX_PIXELS, decode, header_of, read_picture_file
from lpr.source.media_types import MediaType
from lpr.source.search import scan
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable


@dataclass(frozen=True)
class Picture(Closeable):
    """A picture, upright and decoded: one frame without a time.

    16-bit pictures are scaled to 8 bits, grey ones get three equal channels, and the alpha channel
    is dropped.
    """

    name: str
    image: Image
    kind: ClassVar[MediaType] = "picture"
    frames: ClassVar[int | None] = 1
    fps: ClassVar[float | None] = None

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(self.image, self.name)

    def close(self) -> None:
        """Nothing is held open."""


class Pages(Closeable):
    """The pages of a TIFF file: frames without a time, each a picture like :class:`Picture`."""

    kind: ClassVar[MediaType] = "picture"
    fps: ClassVar[float | None] = None

    def __init__(self, name: str, data: bytes, pages: tuple[int, ...]) -> None:
        self.name = name
        self.frames: int | None = len(pages)
        self._data = data
        self._pages = pages

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` if a page cannot be decoded."""
        for index, page in enumerate(self._pages):
            yield Frame(decode(self.name, self._data, page), self.name, index)

    def close(self) -> None:
        """Nothing is held open."""


class FrameFolder(Closeable):
    """The pictures of a folder as frames, sorted by name, ``fps`` per second."""

    def __init__(self, name: str, fps: float, max_pixels: int = MAX_PIXELS) -> None:
        """Raises :class:`lpr.errors.SourceError` if the folder holds no picture."""
        self._files = scan(name)
        if not self._files:
            raise SourceError(f"{name}: the folder holds no picture")
        self._name = name
        self._max_pixels = max_pixels
        self.fps: float | None = fps
        self.start: float | None = None
        self.frames: int | None = len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` if a picture cannot be read."""
        for index, file in enumerate(self._files):
            time = index / (self.fps or 1.0)
            clock = None if self.start is None else self.start + time
            yield Frame(first_picture(file, self._max_pixels), self._name, index, time, clock)

    def close(self) -> None:
        """Nothing is held open."""


def first_picture(name: str, max_pixels: int = MAX_PIXELS) -> Image:
    """The picture of a file, the first of several. Raises :class:`lpr.errors.SourceError`."""
    data = read_picture_file(name, max_pixels)
    return decode(name, data, header_of(name, data, max_pixels).pages[0])


def open_picture(
    name: str, data: bytes, every: int, max_pixels: int
) -> Picture | Pages | Animation:
    """Open what a picture file holds, whose bytes are ``data``.

    ``every`` counts for an animation. Raises :class:`lpr.errors.SourceError` if it is damaged or
    has more than ``max_pixels`` pixels.
    """
    header = header_of(name, data, max_pixels)
    if len(header.pages) > 1:
        return Pages(name, data, header.pages)
    if header.frames != 1:
        return Animation(name, data, header, every)
    return Picture(name, decode(name, data, header.pages[0]))
