"""Labelled plates: the ``labels.csv`` of a folder of pictures, read and written."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """A plate's true box in pixels and its text in ``A-Z0-9``; None if the text is unknown."""

    box: Box
    text: str | None


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and all plates on it."""

    path: Path
    plates: tuple[LabelledPlate, ...]


class LabelRow(NamedTuple):
    """A row to be written: ``file`` relative to the table, None for the box of an empty picture."""

    file: str
    box: Box | None = None
    text: str | None = None
    split: str = ""


def table_of(labelled: Path) -> Path:
    """The ``labels.csv`` of a labelled folder; a table, such as one of corrections, is itself."""
    names_a_table = labelled.suffix.lower() == ".csv" and not labelled.is_dir()
    return labelled if names_a_table or labelled.is_file() else labelled / TABLE


def read_labels(labelled: Path, split: str | None = None) -> list[LabelledPicture]:
    """The pictures of a labelled folder or of a table (:func:`table_of`), in the table's order.

    Columns: ``file`` (in the table's folder or in ``images/`` there), ``xmin``, ``ymin``, ``xmax``,
    ``ymax`` in pixels, ``text`` (separators are dropped, blank means unknown) and, optionally,
    ``split``. A row without a box stands for a picture without a plate. Raises
    :class:`SourceError` for a missing or malformed file, and for a split that does not exist.
    """
    path = table_of(labelled)
    pictures: dict[str, list[LabelledPlate]] = {}
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
                splits.add(row.get("split") or "")
                if split is None or row.get("split") == split:
                    pictures.setdefault(row["file"], []).extend(_plates(row))
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
        LabelledPicture(locate(path.parent, name), tuple(plates))
        for name, plates in pictures.items()
    ]


def write_labels(table: Path, rows: Iterable[LabelRow]) -> None:
    """Write ``rows`` as a table that :func:`read_labels` reads; boxes have seven digits.

    Raises ``OSError`` if the table cannot be written; an old one is then left as it is.
    """
    with write_atomically(table) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row in rows:
            box = [f"{value:.7g}" for value in row.box] if row.box else [""] * len(BOX_COLUMNS)
            writer.writerow([row.file, row.split, *box, row.text or ""])


def _plates(row: dict[str, str]) -> Iterator[LabelledPlate]:
    if any(row[key].strip() for key in BOX_COLUMNS):
        box = Box(*(float(row[key]) for key in BOX_COLUMNS))
        if not all(map(math.isfinite, box)):
            raise ValueError(f"a box of {row['file']} is not finite: {tuple(box)}")
        if box.x0 > box.x1 or box.y0 > box.y1:
            raise ValueError(f"a box of {row['file']} is turned inside out: {tuple(box)}")
        yield LabelledPlate(box, normalise(row["text"]) or None)


def normalise(text: str) -> str:
    """A plate's text in capital letters without separators: ``abc-1234`` gives ``ABC1234``."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def locate(folder: Path, name: str) -> Path:
    """The path of the picture ``name`` of a table in ``folder``: beside it, or in ``images/``."""
    beside = folder / name
    return beside if beside.is_file() else folder / "images" / name
