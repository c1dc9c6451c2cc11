"""The work of a person on a ranking: what is shown of each label, decided and undone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from lpr.labels import normalise
from lpr.recognition.ctc_decoder import DOUBTFUL
from lpr.utils.text import aligned
from lpr_training.audit import pictures
from lpr_training.audit.decisions import Decision, Decisions, Kind
from lpr_training.audit.ranking import Suspect
from lpr_training.audit.table import Correction, strange
from lpr_training.labelling.pictures import load_picture

_LONGEST = 40


class Review:
    """A ranking under review; its entries are numbered from 0. Of use to several threads."""

    def __init__(self, name: str, suspects: Sequence[Suspect], decisions: Decisions) -> None:
        self.name = name
        self._suspects = list(suspects)
        self._decisions = decisions
        self._numbers = {suspect.label: number for number, suspect in enumerate(suspects)}
        self._lock = threading.Lock()

    def entries(self) -> list[dict[str, Any]]:
        """All that the page tells of each entry, the most suspicious first."""
        with self._lock:
            return [self._shown(number) for number in range(len(self._suspects))]

    def decide(self, number: int, kind: Kind, text: str = "") -> dict[str, Any]:
        """Decide on an entry, save that, and return the entry as it is now; ``text`` is the one
        that was typed.

        Raises ``ValueError`` for what cannot be decided, ``IndexError`` for an entry that is not
        there, and as :meth:`Decisions.add` does.
        """
        with self._lock:
            suspect = self._suspect(number)
            after = self._decided(suspect, kind, text)
            self._decisions.add(Decision(suspect.label, kind, after))
            return self._shown(number)

    def undo(self) -> dict[str, Any] | None:
        """Take the last decision back, also one of an earlier review; the entry as it is now, None
        where nothing was decided. Raises as :meth:`Decisions.undo` does."""
        with self._lock:
            undone = self._decisions.undo(self._numbers)
            return self._shown(self._numbers[undone.label]) if undone else None

    def near(self, number: int) -> bytes:
        """The plate of an entry as a JPEG file, in the box that is decided on.

        Raises ``IndexError``, and :class:`lpr.errors.SourceError` for a picture that is gone.
        """
        suspect = self._suspect(number)
        return pictures.near(load_picture(suspect.picture), self._now(suspect).box)

    def far(self, number: int) -> bytes:
        """The picture of an entry as a JPEG file, with its boxes; raises as :meth:`near` does."""
        suspect = self._suspect(number)
        image = load_picture(suspect.picture)
        return pictures.far(image, self._now(suspect).box, suspect.model_box)

    def _suspect(self, number: int) -> Suspect:
        if not 0 <= number < len(self._suspects):
            raise IndexError(f"there is no entry {number}")
        return self._suspects[number]

    def _now(self, suspect: Suspect) -> Correction:
        """What the label says, as far as it is decided."""
        decision = self._decisions.of(suspect.label)
        return decision.after if decision else Correction(suspect.label.corners, suspect.label.text)

    def _decided(self, suspect: Suspect, kind: Kind, typed: str) -> Correction:
        now = self._now(suspect)
        if kind == "confirmed":
            return now._replace(text=suspect.label.text)
        if kind == "model":
            if not suspect.reading.text:
                raise ValueError("the model reads nothing here")
            return now._replace(text=self._written(suspect))
        if kind == "typed":
            text = typed.strip()
            is_plain = text.isprintable() and not strange(text)
            if not normalise(text) or len(text) > _LONGEST or not is_plain:
                raise ValueError(f"no text of letters and digits: {typed[:_LONGEST]!r}")
            return now._replace(text=text)
        if kind == "unreadable":
            return now._replace(text="")
        if suspect.model_box is None:
            raise ValueError("the model has no other box here")
        xmin, ymin, xmax, ymax = (f"{side:.1f}" for side in suspect.model_box)
        return now._replace(corners=(xmin, ymin, xmax, ymax))

    def _written(self, suspect: Suspect) -> str:
        """The reading in the set's way of writing."""
        separated = suspect.display if self._decisions.table.separated else None
        return separated or suspect.reading.text

    def _shown(self, number: int) -> dict[str, Any]:
        suspect = self._suspects[number]
        decision = self._decisions.of(suspect.label)
        return {
            "number": number,
            "file": suspect.label.file,
            "label": suspect.label.text,
            "reading": self._written(suspect),
            "pairs": _pairs(suspect),
            "confidence": round(float(suspect.reading.confidence), 4),
            "disagreement": round(suspect.disagreement, 1),
            "score": round(suspect.score, 1),
            "reasons": suspect.reasons,
            "has_box": suspect.model_box is not None,
            "decision": decision.kind if decision else None,
            "text": decision.after.text if decision else None,
        }


def _pairs(suspect: Suspect) -> list[tuple[str, str, bool]]:
    """The label's and the reading's characters side by side, empty where one lacks any, and whether
    the model is in doubt of what it reads there."""
    reading = suspect.reading
    confidences = iter(reading.certainties)
    return [
        (labelled, read, bool(read) and next(confidences) < DOUBTFUL)
        for labelled, read in aligned(suspect.label.known, reading.text)
    ]
