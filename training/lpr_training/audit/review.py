"""A person's review of a ranking: entries to display, decisions, undo."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from lpr.labels import normalise
from lpr.recognition.ctc_decoder import DOUBTFUL
from lpr.types import Reading
from lpr.utils.text import aligned
from lpr_training.audit import pictures
from lpr_training.audit.decisions import Decision, Decisions, Kind
from lpr_training.audit.ranking import Suspect
from lpr_training.audit.table import Correction, strange
from lpr_training.labelling.pictures import load_picture

_LONGEST = 40  # The maximal length of a typed text, in characters


class Review:
    """A ranking under review, with entries numbered from 0. Thread-safe."""

    def __init__(self, name: str, suspects: Sequence[Suspect], decisions: Decisions) -> None:
        self.name = name
        self._suspects = list(suspects)
        self._decisions = decisions
        self._numbers = {suspect.label: number for number, suspect in enumerate(suspects)}
        self._lock = threading.Lock()

    def entries(self) -> list[dict[str, Any]]:
        """The entries for the page, the most suspicious first."""
        with self._lock:
            return [self._entry(number) for number in range(len(self._suspects))]

    def decide(self, number: int, kind: Kind, text: str = "") -> dict[str, Any]:
        """Decide on an entry, save, and return the updated entry; ``text`` is the typed one.

        Raises ``ValueError`` for an impossible decision, ``IndexError`` for an unknown entry, and
        as :meth:`Decisions.add`.
        """
        with self._lock:
            suspect = self._suspect(number)
            after = self._decided(suspect, kind, text)
            self._decisions.add(Decision(suspect.label, kind, after))
            return self._entry(number)

    def undo(self) -> dict[str, Any] | None:
        """Remove the last decision, also of an earlier review, and return the updated entry; None
        if there is no decision. Raises as :meth:`Decisions.undo`."""
        with self._lock:
            undone = self._decisions.undo(self._numbers)
            return self._entry(self._numbers[undone.label]) if undone else None

    def near(self, number: int) -> bytes:
        """The plate of an entry as a JPEG file, in its current box.

        Raises ``IndexError``, and :class:`lpr.errors.SourceError` for a missing picture.
        """
        suspect = self._suspect(number)
        return pictures.near(load_picture(suspect.picture), self._current(suspect).box)

    def far(self, number: int) -> bytes:
        """The picture of an entry as a JPEG file, with its boxes. Raises as :meth:`near`."""
        suspect = self._suspect(number)
        image = load_picture(suspect.picture)
        return pictures.far(image, self._current(suspect).box, suspect.model_box)

    def _suspect(self, number: int) -> Suspect:
        if not 0 <= number < len(self._suspects):
            raise IndexError(f"there is no entry {number}")
        return self._suspects[number]

    def _current(self, suspect: Suspect) -> Correction:
        """The label, corrected by its last decision."""
        decision = self._decisions.of(suspect.label)
        return decision.after if decision else Correction(suspect.label.corners, suspect.label.text)

    def _decided(self, suspect: Suspect, kind: Kind, typed: str) -> Correction:
        current = self._current(suspect)
        if kind == "box":
            if suspect.model_box is None:
                raise ValueError("the model has no other box here")
            xmin, ymin, xmax, ymax = (f"{side:.1f}" for side in suspect.model_box)
            return current._replace(corners=(xmin, ymin, xmax, ymax))
        texts = {"confirmed": suspect.label.text, "model": self._reading_text(suspect)}
        text = texts.get(kind, typed.strip() if kind == "typed" else "")
        if kind == "model" and not text:
            raise ValueError("the model reads nothing here")
        is_plain = text.isprintable() and not strange(text)
        if kind == "typed" and not (normalise(text) and len(text) <= _LONGEST and is_plain):
            raise ValueError(f"no text of letters and digits: {typed[:_LONGEST]!r}")
        return current._replace(text=text)

    def _reading_text(self, suspect: Suspect) -> str:
        """The reading, with separators if the set has them."""
        separated = suspect.display if self._decisions.table.separated else None
        return separated or suspect.reading.text

    def _entry(self, number: int) -> dict[str, Any]:
        suspect = self._suspects[number]
        decision = self._decisions.of(suspect.label)
        return {
            "number": number,
            "file": suspect.label.file,
            "label": suspect.label.text,
            "reading": self._reading_text(suspect),
            "pairs": _pairs(suspect.label.known, suspect.reading),
            "confidence": round(float(suspect.reading.confidence), 4),
            "disagreement": round(suspect.disagreement, 1),
            "score": round(suspect.score, 1),
            "reasons": suspect.reasons,
            "has_box": suspect.model_box is not None,
            "decision": decision.kind if decision else None,
            "text": decision.after.text if decision else None,
        }


def _pairs(label: str, reading: Reading) -> list[tuple[str, str, bool]]:
    """The label's and the reading's characters side by side, empty if one has none, and whether
    the model doubts its character."""
    confidences = iter(reading.certainties)
    pairs = aligned(label, reading.text)
    return [(known, read, bool(read) and next(confidences) < DOUBTFUL) for known, read in pairs]
