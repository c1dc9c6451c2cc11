"""Text outputs: streams of records, and whole documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from lpr.errors import OutputError
from lpr.sinks.output_file import RecordStream
from lpr.sinks.paths import clean, refuse_sources
from lpr.utils.closing import Closeable
from lpr.utils.files import write_atomically

_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


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


def continues(stream: TextIO) -> bool:
    """Whether records of an earlier run come before, so that a header is there already."""
    return isinstance(stream, RecordStream) and stream.tell() > 0


class TextSink(Closeable):
    """The base of sinks that write to a text stream, and flush each record."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._continues = continues(stream)

    def _put(self, text: str) -> None:
        put(self._stream, text)

    def error(self, source: str, message: str) -> None:
        """By default, a failed source is left out."""

    def close(self) -> None:
        """Nothing is left to do: every record has been flushed."""


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
    # JSON may hold these as they are, but a terminal obeys them.
    line = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", line)
    # Bytes of a file name that are not UTF-8 become \udcXX, as JSON writes them.
    put(stream, clean(line) + "\n")
