"""The frames of many sources, one source after the other, in one iterator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from lpr.errors import BackendError, LprError, PluginError, SourceError
from lpr.reader_pool import ReadFrame
from lpr.source import open_source, shown_source
from lpr.types import Frame

SOURCE_ERRORS = (SourceError, PluginError, BackendError)
"""What ends a source alone, not the run."""


@dataclass(slots=True)
class SourceBegin:
    """A source was opened. ``fps`` and ``frames`` (their number) are None if unknown. Setting
    ``abandoned`` ends the source early."""

    fps: float | None
    frames: int | None
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class SourceEnd:
    """A source ended, or failed with ``error``."""

    error: LprError | None = None


SourceItem: TypeAlias = Frame | SourceBegin | SourceEnd
Results: TypeAlias = Iterator[ReadFrame | SourceBegin | SourceEnd]


def source_frames(names: Iterable[str], every: int, max_pixels: int) -> Iterator[SourceItem]:
    """For each source: a :class:`SourceBegin`, its frames and a :class:`SourceEnd`; the end alone
    if the source cannot be opened."""
    for name in names:
        try:
            with (
                out_of_memory(shown_source(name)),
                open_source(name, every, max_pixels=max_pixels) as source,
            ):
                begin = SourceBegin(source.fps, source.frames)
                yield begin
                for frame in source:
                    yield frame
                    if begin.abandoned:
                        break
        except SOURCE_ERRORS as error:
            yield SourceEnd(error)
        else:
            yield SourceEnd()


@dataclass(slots=True)
class SourceResults:
    """The frames of the source that ``begin`` began, with their plates.

    Iterating raises the error that ended the source. ``results`` are those of all sources.
    """

    begin: SourceBegin
    results: Results
    _ended: bool = False

    def __iter__(self) -> Iterator[ReadFrame]:
        for item in self.results:
            if isinstance(item, SourceEnd):
                self._ended = True
                if item.error is not None:
                    raise item.error
                return
            if isinstance(item, ReadFrame):
                if item.error is not None:
                    raise item.error
                yield item

    def skip(self) -> None:
        """Pass over the rest, up to where the next source begins."""
        self.begin.abandoned = True
        while not self._ended:
            self._ended = isinstance(next(self.results), SourceEnd)


@contextmanager
def out_of_memory(name: str) -> Iterator[None]:
    """Turn a lack of memory in the block into an error about the source ``name`` alone."""
    try:
        yield
    except MemoryError as error:
        raise SourceError(f"{name}: the memory does not suffice; scale it down") from error
