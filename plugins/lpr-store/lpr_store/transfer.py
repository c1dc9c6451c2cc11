"""Sightings out of a store and into one: JSON Lines, CSV and Parquet."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, Any

from lpr.errors import OutputError
from lpr.sightings import utc
from lpr.sinks.csv import protected
from lpr.utils.files import write_atomically
from lpr_store.errors import StoreError
from lpr_store.store import Store, StoredSighting, row_of

COLUMNS = (
    "id", "uid", "camera", "source", "status", "text", "display", "region", "kind", "confidence",
    "direction", "first", "last", "received", "frame_file", "plate_file",
)  # fmt: skip
"""The columns of CSV and Parquet; times are ISO 8601 in UTC. Parquet adds ``record``, as JSON."""

_GROUP = 10_000  # Rows of a Parquet row group


def export(sightings: Iterable[StoredSighting], file: Path) -> int:
    """Write sightings to ``file``, in the format of its ending (``.jsonl``, ``.csv``,
    ``.parquet``); returns their number.

    ``file`` appears whole or not at all. Raises :class:`lpr.errors.OutputError` if it cannot be
    written, :class:`lpr_store.errors.StoreError` for another ending.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise StoreError(f"{file}: an export ends in .jsonl, .csv or .parquet")
    try:
        with write_atomically(file) as part:
            return write(sightings, part)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written: {error.strerror}") from error


def load(store: Store, file: Path) -> int:
    """Add the sightings of an export, or of the JSON Lines of ``lpr watch``; returns how many are
    new.

    Records without a ``uid`` are named by their content, so that the same file adds nothing when
    it is loaded again. Raises :class:`lpr_store.errors.StoreError` for a damaged line.
    """
    return store.add_many(_rows(file))


def write_jsonl(sightings: Iterable[StoredSighting], stream: IO[str]) -> int:
    """Write one record per line, with its ``uid``."""
    count = 0
    for each in sightings:
        record = {"uid": each.uid, **each.record}
        stream.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        count += 1
    return count


def write_csv(sightings: Iterable[StoredSighting], stream: IO[str]) -> int:
    """Write a header and one row per sighting; cells that a spreadsheet would run are quoted."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for each in sightings:
        writer.writerow(protected(value) for value in _cells(each).values())
        count += 1
    return count


def _cells(each: StoredSighting) -> dict[str, Any]:
    cells = {name: value for name, value in asdict(each).items() if name in COLUMNS}
    for name in ("first", "last", "received"):
        cells[name] = utc(cells[name] / 1000)
    return {name: cells[name] for name in COLUMNS}


def _jsonl_file(sightings: Iterable[StoredSighting], file: Path) -> int:
    with file.open("w", encoding="utf-8") as stream:
        return write_jsonl(sightings, stream)


def _csv_file(sightings: Iterable[StoredSighting], file: Path) -> int:
    with file.open("w", encoding="utf-8", newline="") as stream:
        return write_csv(sightings, stream)


def _parquet_file(sightings: Iterable[StoredSighting], file: Path) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise StoreError("Parquet needs pyarrow: pip install 'lpr-store[parquet]'") from error
    types = {"id": pa.int64(), "confidence": pa.float64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in (*COLUMNS, "record")])
    count = 0
    rows = iter(sightings)
    with pq.ParquetWriter(file, schema) as writer:
        while group := list(islice(rows, _GROUP)):
            values = [
                {**_cells(each), "record": json.dumps(each.record, ensure_ascii=False)}
                for each in group
            ]
            writer.write_table(pa.Table.from_pylist(values, schema=schema))
            count += len(group)
    return count


_WRITERS: dict[str, Callable[[Iterable[StoredSighting], Path], int]] = {
    ".jsonl": _jsonl_file,
    ".csv": _csv_file,
    ".parquet": _parquet_file,
}


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip() and (row := _row(line, f"{file}, line {number}")):
                    yield row
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error


def _row(line: str, place: str) -> dict[str, Any] | None:
    """The row of a line; None for what is no final sighting: a gap, an error, an early one."""
    try:
        record = json.loads(line)
        if "sighting" not in record or record["status"] in ("early", "withdrawn"):
            return None
        uid = record.pop("uid", None) or _content_uid(record)
        return row_of(uid, record)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{place}: is no record of lpr watch ({error})") from error


def _content_uid(record: dict[str, Any]) -> str:
    with contextlib.suppress(KeyError):
        del record["schema"]
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
