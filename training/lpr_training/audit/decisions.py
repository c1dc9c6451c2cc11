"""People's decisions on labels, stored beside the set; the set itself never changes."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from lpr.errors import OutputError, SourceError
from lpr.labels import BOX_COLUMNS
from lpr.types import Box
from lpr.utils.files import write_atomically
from lpr_training.audit.table import Corners, Correction, Label, Table
from lpr_training.labelling.files import writing

Kind: TypeAlias = Literal["confirmed", "model", "typed", "unreadable", "box"]
"""The label is right; the model's reading is right; a text typed by hand; unreadable; the label's
text is right, in the model's box."""

_NEW = tuple(f"new_{name}" for name in BOX_COLUMNS)
COLUMNS = ("file", *BOX_COLUMNS, "label", "decision", "text", *_NEW)
"""The columns of ``labels.audit.csv``: the label, the decision, the corrected label."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``after`` is the corrected label, including its box."""

    label: Label
    kind: Kind
    after: Correction


class Decisions:
    """The decisions on a table's labels: ``labels.audit.csv`` and ``labels.corrected.csv`` beside a
    ``labels.csv``.

    The former is a chronological log, in which the last decision on a label counts; the latter the
    whole table with the corrections. Both are rewritten after every decision. Decisions on labels
    that the table no longer holds are kept without effect.
    """

    def __init__(self, table: Table) -> None:
        """Raises :class:`lpr.errors.SourceError` for a malformed log."""
        self.table = table
        self.log_file = table.path.with_suffix(".audit.csv")
        self.corrected_file = table.path.with_suffix(".corrected.csv")
        self._known = table.labels()
        self._on_disk = _bytes_of(self.log_file)
        self._log = _parsed(self.log_file, self._on_disk) if self._on_disk is not None else []
        self._last = {decision.label: decision for decision in self._log}

    def rebuild(self) -> bool:
        """Write ``labels.corrected.csv`` anew where it is not what the log says, as after a kill
        between the two files; return whether it was written.

        Raises :class:`lpr.errors.OutputError` if it cannot be written.
        """
        content = self._corrected(self._last)
        if not self._log or _bytes_of(self.corrected_file) == content:
            return False
        _replace(self.corrected_file, content)
        return True

    def _corrected(self, last: Mapping[Label, Decision]) -> bytes:
        return self.table.corrected({label: each.after for label, each in last.items()})

    def of(self, label: Label) -> Decision | None:
        """The last decision on a label."""
        return self._last.get(label)

    @property
    def stale(self) -> int:
        """The number of labels with a decision that the table no longer holds."""
        return len(self._last.keys() - self._known)

    def add(self, decision: Decision) -> None:
        """Add a decision and save both files.

        Raises :class:`lpr.errors.OutputError`, without a change, if they cannot be written or if
        another program changed the table or the log.
        """
        self._save([*self._log, decision])

    def undo(self, among: Container[Label]) -> Decision | None:
        """Remove the last decision on one of the labels ``among``, save, and return it; None if
        there is no decision. Raises as :meth:`add`."""
        places = [place for place, each in enumerate(self._log) if each.label in among]
        if not places:
            return None
        log = list(self._log)
        undone = log.pop(places[-1])
        self._save(log)
        return undone

    def _save(self, log: list[Decision]) -> None:
        for file, known in ((self.table.path, self.table.content), (self.log_file, self._on_disk)):
            if _bytes_of(file) != known:
                raise OutputError(
                    f"{file}: was changed by another program meanwhile; restart this audit"
                )
        last = {decision.label: decision for decision in log}
        content = _log_content(log)
        _replace(self.log_file, content)
        self._log, self._last, self._on_disk = log, last, content
        _replace(self.corrected_file, self._corrected(last))


def check_writable(folder: Path) -> None:
    """Raise :class:`lpr.errors.OutputError` for a read-only folder."""
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: is read-only, but decisions are saved there; copy the set")


def _bytes_of(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{file}: {error}") from error


def _parsed(file: Path, content: bytes) -> list[Decision]:
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ValueError(f"its columns are not {','.join(COLUMNS)}")
        return [_decision(row) for row in rows]
    except (ValueError, TypeError, KeyError, csv.Error) as error:
        raise SourceError(
            f"{file}: not the decisions of an audit ({error}); move it away to start over"
        ) from error


def _decision(row: dict[str, str]) -> Decision:
    if row["decision"] not in get_args(Kind):
        raise ValueError(f"unknown decision {row['decision']!r}")
    before, after = (_corners(row, names) for names in (BOX_COLUMNS, _NEW))
    label = Label(row["file"], before, row["label"])
    return Decision(label, cast(Kind, row["decision"]), Correction(after, row["text"]))


def _corners(row: dict[str, str], names: tuple[str, ...]) -> Corners:
    xmin, ymin, xmax, ymax = (row[name] for name in names)
    Box(*map(float, (xmin, ymin, xmax, ymax)))  # raises ValueError unless all are numbers
    return xmin, ymin, xmax, ymax


def _log_content(log: list[Decision]) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for label, kind, after in ((d.label, d.kind, d.after) for d in log):
        rows.writerow([label.file, *label.corners, label.text, kind, after.text, *after.corners])
    return text.getvalue().encode()


def _replace(file: Path, content: bytes) -> None:
    with writing(file), write_atomically(file) as part, part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
