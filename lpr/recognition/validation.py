"""What a recognizer answers, checked: it may be anybody's code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Real

from lpr.errors import PluginError, wrap_plugin_errors
from lpr.protocols import TextRecognizer
from lpr.types import Alternative, Character, Crop, Reading

_TEXT = re.compile("[A-Z0-9]*")


def read_checked(name: str, recognizer: TextRecognizer, crops: Sequence[Crop]) -> list[Reading]:
    """What ``recognizer`` reads in ``crops``: one legal reading for each, in order.

    Raises :class:`lpr.errors.PluginError`, which calls it ``name``, where it fails or answers
    something else (:func:`problem_with`).
    """
    with wrap_plugin_errors(name):
        readings = recognizer.read(crops)
        wrong = problem_with(readings, len(crops))
    if wrong:
        raise PluginError(f"{name} {wrong}")
    return readings


def problem_with(readings: object, count: int) -> str | None:
    """What is wrong with the answer to ``count`` crops, as in "gave 2 readings for 3 crops"."""
    if not isinstance(readings, list):
        return f"gave {readings!r}, which is no list of readings, for {count} crops"
    if len(readings) != count:
        return f"gave {len(readings)} readings for {count} crops"
    return next((wrong for reading in readings if (wrong := _wrong(reading))), None)


def _wrong(reading: object) -> str | None:
    if not isinstance(reading, Reading):
        return f"gave {reading!r}, which is no Reading"
    for part, kind in (("characters", Character), ("alternatives", Alternative)):
        things = getattr(reading, part)
        if not isinstance(things, (tuple, list)) or not all(isinstance(t, kind) for t in things):
            return f"gave {things!r} as {part}: they have to be a tuple of {kind.__name__}s"
    for text in (reading.text, *(other.text for other in reading.alternatives)):
        if not isinstance(text, str) or not _TEXT.fullmatch(text):
            return f"gave the text {text!r}: only A-Z and 0-9 may be"
    if reading.characters and [c.char for c in reading.characters] != list(reading.text):
        return f"gave characters that are not those of its text {reading.text!r}"
    certain: Sequence[Reading | Character | Alternative]
    certain = (reading, *reading.characters, *reading.alternatives)
    for given in (each.confidence for each in certain):
        # NumPy's numbers are Real too; NaN lies nowhere.
        if not isinstance(given, Real) or not 0 <= given <= 1:
            return f"gave the confidence {given!r}, which is no number in 0..1"
    return None
