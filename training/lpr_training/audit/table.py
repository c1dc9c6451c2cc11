"""A set's table of labels byte for byte, so that rows without a correction do not change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

from lpr.labels import BOX_COLUMNS, locate, normalise, read_labels, table_of
from lpr.types import Box

Corners: TypeAlias = tuple[str, str, str, str]
"""``xmin, ymin, xmax, ymax`` as written in the table."""

_MARK = "\ufeff"
_SEPARATORS = "-‐‑–—−_.·•"


def strange(text: str) -> str:
    """The characters of ``text`` that are neither ``A-Z0-9`` nor separators."""
    others = (c for c in text.upper() if not (c.isascii() and c.isalnum()))
    return "".join(c for c in others if not c.isspace() and c not in _SEPARATORS)


class Label(NamedTuple):
    """The plate of a row, letter by letter; equal rows are one label."""

    file: str
    corners: Corners
    text: str

    @property
    def box(self) -> Box:
        """In pixels."""
        return Box(*map(float, self.corners))

    @property
    def known(self) -> str:
        """The text in ``A-Z0-9``, empty if unknown."""
        return normalise(self.text)

    @property
    def is_text(self) -> bool:
        """Whether there is any text, even if no plate shows it."""
        return bool(self.known or self.strange)

    @property
    def strange(self) -> str:
        """The characters of the text that :func:`lpr.labels.normalise` drops although they are no
        separators: ``Ä``, ``?``."""
        return strange(self.text)


class Correction(NamedTuple):
    """The corrected content of a label."""

    corners: Corners
    text: str

    @property
    def box(self) -> Box:
        """In pixels."""
        return Box(*map(float, self.corners))


@dataclass(frozen=True, slots=True)
class _Record:
    raw: str
    fields: list[str]
    label: Label | None
    split: str


@dataclass(frozen=True)
class Table:
    """A labelled set's table, read-only.

    ``separated``: whether most of its texts have separators (``ABC-1234``).
    """

    path: Path
    content: bytes
    separated: bool
    _records: list[_Record] = field(repr=False)
    _columns: dict[str, int] = field(repr=False)

    @classmethod
    def read(cls, labelled: Path) -> Table:
        """The table of a labelled folder, or the table itself (:func:`lpr.labels.table_of`).

        Raises as :func:`lpr.labels.read_labels`.
        """
        path = table_of(labelled)
        read_labels(path)  # raises for a missing or malformed table
        content = path.read_bytes()
        lines = list(_lines(content.decode("utf-8").removeprefix(_MARK)))
        columns = {name: place for place, name in enumerate(lines[0][1])}
        records = [_record(raw, fields, columns) for raw, fields in lines]
        records[0] = _Record(lines[0][0], lines[0][1], None, "")
        texts = [record.label.text for record in records if record.label and record.label.text]
        separated = 2 * sum(not text.isalnum() for text in texts) > len(texts)
        return cls(path, content, separated, records, columns)

    def pictures(self, split: str | None = None) -> dict[Path, list[Label]]:
        """The pictures of the set, or of a ``split``, with their labels in the table's order,
        without duplicates.

        Raises :class:`lpr.errors.SourceError` for an unknown split.
        """
        read_labels(self.path, split)
        found: dict[Path, dict[Label, None]] = {}
        for record in self._records:
            if record.label and (split is None or record.split == split):
                picture = locate(self.path.parent, record.label.file)
                found.setdefault(picture, {})[record.label] = None
        return {picture: list(labels) for picture, labels in found.items()}

    def labels(self) -> set[Label]:
        """The labels of all splits."""
        return {record.label for record in self._records if record.label}

    def corrected(self, corrections: Mapping[Label, Correction]) -> bytes:
        """The whole table with ``corrections``; all other rows keep their bytes."""
        parts = [_MARK if self.content.startswith(_MARK.encode()) else ""]
        for record in self._records:
            change = corrections.get(record.label) if record.label else None
            parts.append(self._changed(record, change) if change else record.raw)
        return "".join(parts).encode()

    def _changed(self, record: _Record, change: Correction) -> str:
        fields = list(record.fields)
        for name, value in zip((*BOX_COLUMNS, "text"), (*change.corners, change.text), strict=True):
            fields[self._columns[name]] = value
        if fields == record.fields:
            return record.raw
        ending = record.raw[len(record.raw.rstrip("\r\n")) :]
        row = io.StringIO(newline="")
        csv.writer(row, lineterminator=ending).writerow(fields)
        return row.getvalue()


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each record of a table: its text with the line ending, and its fields."""
    raw: list[str] = []

    def recorded() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            raw.append(line)
            yield line

    for fields in csv.reader(recorded()):
        yield "".join(raw), fields
        raw.clear()


def _record(raw: str, fields: list[str], columns: Mapping[str, int]) -> _Record:
    def value(name: str) -> str:
        place = columns.get(name, len(fields))
        return fields[place] if place < len(fields) else ""

    xmin, ymin, xmax, ymax = map(value, BOX_COLUMNS)
    corners = xmin, ymin, xmax, ymax
    is_plate = any(corner.strip() for corner in corners)
    label = Label(value("file"), corners, value("text")) if is_plate else None
    return _Record(raw, fields, label, value("split"))
