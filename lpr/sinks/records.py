"""What all record sinks have in common: writing to a text stream."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from lpr.errors import OutputError
from lpr.sinks.paths import clean, refuse_sources
from lpr.utils.files import write_atomically

SCHEMA = 1
"""The version of the records of JSON Lines (docs/output.md)."""


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


def check_document(path: Path, sources: Iterable[str] = ()) -> None:
    """Raise OutputError if :func:`write_document` could not write ``path``, as far as is known."""
    refuse_sources([path], sources)
    if not path.parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {path.parent}")


def write_document(path: Path, text: str, sources: Iterable[str] = ()) -> None:
    """Write a whole file, as UTF-8; an old one is replaced at the end.

    Raises :class:`lpr.errors.OutputError` if that fails, or would overwrite one of ``sources``.
    """
    check_document(path, sources)
    try:
        with write_atomically(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def standard_output() -> TextIO:
    """Standard output, for records. Raises :class:`lpr.errors.OutputError` where it is closed."""
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with --output")
    # Records are UTF-8 by contract, whatever the locale says.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


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


def put_record(stream: TextIO, record: Mapping[str, Any]) -> None:
    """Write ``record`` as a line of JSON, and flush it."""
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    # What a file name holds beyond UTF-8 becomes \udcXX, which is what JSON calls it.
    put(stream, clean(line) + "\n")
