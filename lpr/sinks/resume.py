"""Where an interrupted run stopped, from the records that it left (``lpr detect --resume``)."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from lpr.errors import OutputError
from lpr.sinks.paths import clean


def check_resumable(path: Path, format: str) -> None:
    """Raise OutputError if a run with records of this ``format`` cannot be taken up."""
    if format not in _SOURCE_OF:
        raise OutputError(
            f"{path}: --resume needs --format jsonl or csv: {format} does not name its sources"
        )


def take_up(stream: TextIO, format: str, sources: Iterable[str]) -> list[str]:
    """The ``sources`` that are still to be read, after an earlier run into ``stream``, a
    :class:`lpr.sinks.output_file.RecordStream`.

    Those with records have been read, except the last one: it may have been interrupted, so its
    records are removed and it is read again. Sources without a row of CSV are read again too.
    """
    sources = list(sources)
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return sources
    wanted = {clean(source) for source in sources}
    done: set[str] = set()
    last, last_start, position = "", 0, 0
    with os.fdopen(os.dup(stream.fileno()), "rb") as file:
        file.seek(0)
        for line in file:
            source = _SOURCE_OF[format](line)
            if source is not None and source != last:
                last, last_start = source, position
                done.add(source)
            position += len(line)
    if last in wanted:
        done.discard(last)
        os.ftruncate(stream.fileno(), last_start)
    return [source for source in sources if clean(source) not in done]


def _source_of_json(line: bytes) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    source = record.get("source") if isinstance(record, dict) else None
    return clean(source) if isinstance(source, str) else None


def _source_of_csv(line: bytes) -> str | None:
    row = next(csv.reader(io.StringIO(line.decode("utf-8", "replace"))), [])
    return row[0] if len(row) > 1 and row[0] != "source" else None


_SOURCE_OF: dict[str, Callable[[bytes], str | None]] = {
    "jsonl": _source_of_json,
    "csv": _source_of_csv,
}
