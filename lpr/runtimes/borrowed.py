"""Recognizers that a program opened itself and gives to :func:`lpr.load`.

The reader uses them and does not close them: whoever opened them does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lpr.protocols import CtcRecognizer, TextRecognizer
from lpr.specs import CtcSpec, RecognizerModel
from lpr.types import Crop, Reading
from lpr.utils.arguments import refuse

NO_MODEL = RecognizerModel(Path(), "", CtcSpec("", 0, 1, 1))
"""Stands for the files of a recognizer that needs none."""


class BorrowedRuntime:
    """A :class:`lpr.protocols.RecognizerRuntime` that "opens" ``recognizer``, which is open.

    It states the recognizer's own ``min_confidence``, ``grammar_odds``, ``calibration`` and
    ``calibrated``, as a runtime that brings its own model does (:mod:`lpr.runtimes.traits`).
    """

    device = "cpu"
    priority = 0
    formats: frozenset[str] = frozenset()

    def __init__(self, recognizer: TextRecognizer | CtcRecognizer) -> None:
        """Raises ``TypeError`` for an object that is no recognizer."""
        if not is_ctc(recognizer) and not callable(getattr(recognizer, "read", None)):
            words = "a name, or an object with read(crops), or with logits(batch) and a CtcSpec"
            refuse("recognizer", words, recognizer)
        self.recognizer = recognizer
        self.name = name_of(recognizer)

    def __getattr__(self, name: str) -> Any:
        if name in ("min_confidence", "grammar_odds", "calibration", "calibrated"):
            return getattr(self.recognizer, name)
        raise AttributeError(name)

    def problem(self) -> str | None:
        return None

    def open(self, model: RecognizerModel, threads: int) -> TextRecognizer | CtcRecognizer:
        return self.recognizer


class BorrowedRecognizer:
    """A :class:`TextRecognizer` whose ``close`` leaves its ``owner``, the object that reads in
    ``read``, open."""

    def __init__(self, owner: object, read: Callable[[Sequence[Crop]], list[Reading]]) -> None:
        # By its class it is known as third-party code, whose calls are bounded in time.
        self.network = owner
        self._read = read

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return self._read(crops)

    def close(self) -> None:
        pass


def is_ctc(recognizer: object) -> bool:
    """Whether it is a :class:`CtcRecognizer`, if perhaps without ``close``."""
    has_logits = callable(getattr(recognizer, "logits", None))
    return has_logits and isinstance(getattr(recognizer, "spec", None), CtcSpec)


def name_of(thing: object) -> str:
    """An object's own name for messages, or its class's."""
    name = getattr(thing, "name", None)
    return name if isinstance(name, str) and name else type(thing).__name__
