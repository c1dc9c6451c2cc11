"""What all record sinks have in common: the protocol, and writing to a text stream."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, TextIO

from lpr.errors import OutputError
from lpr.sinks.paths import refuse_sources
from lpr.types import Frame, Plate, Timing


class RecordSink(Protocol):
    """Writes what was found to a text stream, which stays open: it belongs to who opened it.

    Every record is on its way as soon as its method returns. Raises
    :class:`lpr.errors.OutputError` where it cannot be written, and lets ``BrokenPipeError``
    through: who reads the output has then seen enough.
    """

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        """One frame and its plates; ``timing`` is how long it took, where that is wanted."""
        ...

    def error(self, source: str, message: str) -> None:
        """A source that failed; formats that hold plates only leave it out."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> RecordSink: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@contextlib.contextmanager
def open_output(path: Path, sources: Iterable[str] = ()) -> Iterator[TextIO]:
    """Open ``path`` for records: UTF-8, the same bytes on every system, an old file replaced.

    Raises :class:`lpr.errors.OutputError` where that cannot be done, or would overwrite one of
    ``sources``.
    """
    refuse_sources([path], sources)
    try:
        stream = path.open("w", encoding="utf-8", newline="\n")
    except FileNotFoundError as error:
        raise OutputError(f"{path}: there is no folder {path.parent}; make it first") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        yield stream
    finally:
        # Every record has been flushed: what could still fail here has been reported by put().
        with contextlib.suppress(OSError):
            stream.close()


def put(stream: TextIO, text: str) -> None:
    """Write ``text`` and flush it."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        name = getattr(stream, "name", "the output")
        raise OutputError(f"{name}: cannot be written: {error.strerror}") from error


def clean(name: str) -> str:
    """A file name that any UTF-8 stream takes: bytes that are not UTF-8 become ``\\udcXX``."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
