"""Labelled plates: the ``labels.csv`` of a folder of pictures, or another table in its place."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lpr.errors import SourceError
from lpr.types import Box

_BOX = ("xmin", "ymin", "xmax", "ymax")
_COLUMNS = ("file", *_BOX, "text")


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """A plate's true box and its text in ``A-Z0-9``; the text is None where nobody knows it."""

    box: Box
    text: str | None


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    path: Path
    plates: tuple[LabelledPlate, ...]


def table_of(labelled: Path) -> Path:
    """The table of a labelled folder, its ``labels.csv``; or the table itself where it is named,
    such as one of corrections beside that."""
    names_a_table = labelled.suffix.lower() == ".csv" and not labelled.is_dir()
    return labelled if names_a_table or labelled.is_file() else labelled / "labels.csv"


def read_labels(labelled: Path, split: str | None = None) -> list[LabelledPicture]:
    """The pictures of a labelled folder or of a table (:func:`table_of`), in the table's order.

    Columns: ``file`` (in the table's folder or in ``images/`` there), ``xmin``, ``ymin``, ``xmax``,
    ``ymax`` in pixels, ``text`` (separators are dropped, blank means unknown) and, where the set is
    split, ``split``. A row without a box says that the picture shows no plate. Raises
    :class:`SourceError` for a missing or malformed file and for a split that is not there.
    """
    path = table_of(labelled)
    pictures: dict[str, list[LabelledPlate]] = {}
    splits: set[str] = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise ValueError(f"no column {', '.join(missing)}")
            for row in rows:
                if any(row[name] is None for name in _COLUMNS):
                    raise ValueError(f"line {rows.line_num} has too few columns")
                splits.add(row.get("split") or "")
                if split is None or row.get("split") == split:
                    pictures.setdefault(row["file"], []).extend(_plates(row))
    except (OSError, csv.Error) as error:
        raise SourceError(f"{path}: {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(
            f"{path}: not a table of labels ({error}); "
            f"it needs the columns {', '.join(_COLUMNS)} and, optionally, split"
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


def _plates(row: dict[str, str]) -> Iterator[LabelledPlate]:
    if any(row[key].strip() for key in _BOX):
        box = Box(*(float(row[key]) for key in _BOX))
        if not all(map(math.isfinite, box)):
            raise ValueError(f"a box of {row['file']} is not finite: {tuple(box)}")
        if box.x0 > box.x1 or box.y0 > box.y1:
            raise ValueError(f"a box of {row['file']} is turned inside out: {tuple(box)}")
        yield LabelledPlate(box, normalise(row["text"]) or None)


def normalise(text: str) -> str:
    """A plate's text without separators, in capital letters: ``abc-1234`` is ``ABC1234``."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def locate(folder: Path, name: str) -> Path:
    """Where the picture ``name`` of a table in ``folder`` is: beside it, or else in ``images/``."""
    beside = folder / name
    return beside if beside.is_file() else folder / "images" / name
