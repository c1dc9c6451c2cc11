"""Labelled plates: the ``labels.csv`` of a folder of pictures, read and written."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lpr.errors import SourceError
from lpr.types import Box
from lpr.utils.files import write_atomically

TABLE = "labels.csv"
"""The name of a labelled folder's table."""
BOX_COLUMNS = ("xmin", "ymin", "xmax", "ymax")
"""A plate's box, in pixels; all blank in a picture without a plate."""
COLUMNS = ("file", "split", *BOX_COLUMNS, "text")
"""The columns of a table as it is written; ``split`` may be missing in one that is read."""
_REQUIRED = ("file", *BOX_COLUMNS, "text")
_SHOWN = 24  # Characters of a malformed value that an error shows
DIFFICULT = "difficult"
"""An optional column: 1 for a plate that counts neither way."""


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """A plate's true box in pixels and its text in ``A-Z0-9``; None if the text is unknown."""

    box: Box
    text: str | None


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and the plates on it.

    ``difficult`` holds the boxes of further plates that count neither way: to find one is neither
    right nor wrong, and it is no negative for training (Pascal VOC's ``difficult``).
    """

    path: Path
    plates: tuple[LabelledPlate, ...]
    difficult: tuple[Box, ...] = ()


class LabelRow(NamedTuple):
    """A row to be written: ``file`` relative to the table, None for the box of an empty picture."""

    file: str
    box: Box | None = None
    text: str | None = None
    split: str = ""
    difficult: bool = False


def table_of(labelled: Path) -> Path:
    """The ``labels.csv`` of a labelled folder; a table, such as one of corrections, is itself."""
    names_a_table = labelled.suffix.lower() == ".csv" and not labelled.is_dir()
    return labelled if names_a_table or labelled.is_file() else labelled / TABLE


def read_labels(labelled: Path, split: str | None = None) -> list[LabelledPicture]:
    """The pictures of a labelled folder or of a table (:func:`table_of`), in the table's order.

    Columns: ``file`` (in the table's folder or in ``images/`` there), ``xmin``, ``ymin``, ``xmax``,
    ``ymax`` in pixels, ``text`` (separators are dropped, blank means unknown) and, optionally,
    ``split`` and ``difficult`` (1 or blank). A row without a box stands for a picture without a
    plate. Raises :class:`SourceError` for a missing or malformed file, and for a split that does
    not exist.
    """
    path = table_of(labelled)
    pictures: dict[str, list[LabelledPlate]] = {}
    difficult: dict[str, list[Box]] = {}
    splits: set[str] = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            missing = [name for name in _REQUIRED if name not in (rows.fieldnames or ())]
            if missing:
                raise ValueError(f"no column {', '.join(missing)}")
            for row in rows:
                if any(row[name] is None for name in _REQUIRED):
                    raise ValueError(f"line {rows.line_num} has too few columns")
                if not row["file"].strip() or "\0" in row["file"]:
                    raise ValueError(f"line {rows.line_num} names no file")
                plates = _plates(row, rows.line_num)
                splits.add(row.get("split") or "")
                if split is None or row.get("split") == split:
                    aside = (row.get(DIFFICULT) or "").strip() not in ("", "0")
                    pictures.setdefault(row["file"], []).extend([] if aside else plates)
                    if aside:
                        difficult.setdefault(row["file"], []).extend(p.box for p in plates)
    except (OSError, csv.Error) as error:
        raise SourceError(f"{path}: {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(
            f"{path}: not a table of labels ({error}); "
            f"it needs the columns {', '.join(_REQUIRED)} and, optionally, split"
        ) from error
    if not pictures:
        if split is None:
            raise SourceError(f"{path}: holds no picture")
        known = ", ".join(sorted(filter(None, splits))) or "none"
        raise SourceError(f"{path}: no picture in split {split!r}; splits there: {known}")
    return [
        LabelledPicture(locate(path.parent, name), tuple(plates), tuple(difficult.get(name, ())))
        for name, plates in pictures.items()
    ]


def write_labels(table: Path, rows: Iterable[LabelRow]) -> None:
    """Write ``rows`` as a table that :func:`read_labels` reads; boxes have seven digits.

    The column ``difficult`` is written only where a row needs it.

    Raises ``OSError`` if the table cannot be written; an old one is then left as it is.
    """
    rows = list(rows)
    flagged = any(row.difficult for row in rows)
    with write_atomically(table) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow((*COLUMNS, DIFFICULT) if flagged else COLUMNS)
        for row in rows:
            box = [f"{value:.7g}" for value in row.box] if row.box else [""] * len(BOX_COLUMNS)
            flag = ["1" if row.difficult else ""] if flagged else []
            writer.writerow([row.file, row.split, *box, row.text or "", *flag])


def _plates(row: dict[str, str], line: int) -> list[LabelledPlate]:
    """The plate of a row, if it has one; raises ``ValueError`` with the number of the line."""
    if not any(row[key].strip() for key in BOX_COLUMNS):
        return []
    try:
        box = Box(*(float(row[key]) for key in BOX_COLUMNS))
    except ValueError:
        words = ", ".join(row[key][:_SHOWN] for key in BOX_COLUMNS)
        raise ValueError(f"line {line}: the box {words} is not of numbers") from None
    if not all(map(math.isfinite, box)):
        raise ValueError(f"line {line}: a box of {row['file']} is not finite: {tuple(box)}")
    if box.x0 > box.x1 or box.y0 > box.y1:
        raise ValueError(f"line {line}: a box of {row['file']} is turned inside out: {tuple(box)}")
    return [LabelledPlate(box, normalise(row["text"]) or None)]


def normalise(text: str) -> str:
    """A plate's text in capital letters without separators: ``abc-1234`` gives ``ABC1234``."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def locate(folder: Path, name: str) -> Path:
    """The path of the picture ``name`` of a table in ``folder``: beside it, or in ``images/``."""
    beside = folder / name
    return beside if beside.is_file() else folder / "images" / name
