"""The texts of plates: in names of objects, and in a table beside the labels."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from lpr.errors import SourceError
from lpr.labels import normalise

_LENGTHS = range(4, 11)  # The lengths of plates' texts, in letters and digits


def plate_text(name: str) -> str | None:
    """The text of a plate if ``name`` is one, None if it is the name of a class.

    A text has 4 to 10 letters and digits and at least one digit: ``ABC-1234``, but not ``plate`` or
    ``7``.
    """
    text = normalise(name)
    return text if len(text) in _LENGTHS and any(map(str.isdigit, text)) else None


def read_texts(file: Path) -> dict[str, set[str]]:
    """The texts of a table with the columns ``file`` and ``text``, by the pictures' names.

    A picture may have several rows; rows without a text are ignored. Raises :class:`SourceError`
    for a missing or malformed table.
    """
    texts: dict[str, set[str]] = defaultdict(set)
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            missing = {"file", "text"} - set(rows.fieldnames or ())
            if missing:
                raise SourceError(f"{file}: has no column {' and '.join(sorted(missing))}")
            for row in rows:
                text = normalise(row["text"] or "")
                if text:
                    texts[Path(row["file"] or "").name].add(text)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read as a table of texts ({error})") from error
    return dict(texts)
