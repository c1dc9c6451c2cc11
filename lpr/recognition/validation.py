"""Checks of the readings that a recognizer returns, since plugins may have bugs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from numbers import Real

from lpr.errors import PluginError, wrap_plugin_errors
from lpr.protocols import TextRecognizer
from lpr.types import Alternative, Character, Crop, Reading
from lpr.utils.bounded import batch_timeout, call_bounded, is_third_party

_TEXT = re.compile("[A-Z0-9]*")


def read_checked(name: str, recognizer: TextRecognizer, crops: Sequence[Crop]) -> list[Reading]:
    """Read ``crops`` with ``recognizer``: one valid reading for each, in order.

    Raises :class:`lpr.errors.PluginError`, beginning with ``name``, if it fails or returns
    something else (:func:`problem_with`), and :class:`lpr.errors.StuckError` if it hangs.
    """
    network = getattr(recognizer, "network", recognizer)
    with wrap_plugin_errors(name):
        if is_third_party(recognizer) or is_third_party(network):
            seconds = batch_timeout(len(crops))
            readings = call_bounded(name, seconds, partial(recognizer.read, crops), recognizer)
        else:
            readings = recognizer.read(crops)
        problem = problem_with(readings, len(crops))
    if problem:
        raise PluginError(f"{name} {problem}")
    return readings


def problem_with(readings: object, count: int) -> str | None:
    """The problem with the readings of ``count`` crops, such as "gave 2 readings for 3 crops"."""
    if not isinstance(readings, list):
        return f"gave {readings!r}, not a list of readings, for {count} crops"
    if len(readings) != count:
        return f"gave {len(readings)} readings for {count} crops"
    return next((problem for reading in readings if (problem := _problem(reading))), None)


def _problem(reading: object) -> str | None:
    if not isinstance(reading, Reading):
        return f"gave {reading!r}, not a Reading"
    for part, kind in (("characters", Character), ("alternatives", Alternative)):
        things = getattr(reading, part)
        if not isinstance(things, (tuple, list)) or not all(isinstance(t, kind) for t in things):
            return f"gave {things!r} as {part}: it has to be a tuple of {kind.__name__}s"
    for text in (reading.text, *(other.text for other in reading.alternatives)):
        if not isinstance(text, str) or not _TEXT.fullmatch(text):
            return f"gave the text {text!r}: only A-Z and 0-9 are allowed"
    if reading.characters and [c.char for c in reading.characters] != list(reading.text):
        return f"gave characters that are not those of its text {reading.text!r}"
    parts: tuple[Reading | Character | Alternative, ...]
    parts = (reading, *reading.characters, *reading.alternatives)
    for confidence in (each.confidence for each in parts):
        # NumPy's numbers are Real too; NaN fails the comparison.
        if not isinstance(confidence, Real) or not 0 <= confidence <= 1:
            return f"gave the confidence {confidence!r}, not a number in 0..1"
    return None
