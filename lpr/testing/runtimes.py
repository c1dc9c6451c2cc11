"""The requirements that detector and recognizer runtimes share."""

from __future__ import annotations

import re
import time

from lpr.errors import describe
from lpr.protocols import Destination, DetectorFactory, DetectorRuntime, RecognizerRuntime

DEVICES = ("cpu", "cuda")
_MAX_PROBLEM_SECONDS = 1.0  # Of the second call: the first one may import a library


def check_traits(runtime: DetectorRuntime | RecognizerRuntime | DetectorFactory) -> None:
    """Check a runtime's attributes, and that ``problem()`` never raises and is cheap."""
    name, device, priority = runtime.name, runtime.device, getattr(runtime, "priority", 0)
    assert isinstance(name, str), f"name is {name!r}, not a text"
    assert re.fullmatch("[a-z0-9][a-z0-9._-]*", name), f"name is {name!r}: use a-z, 0-9, ., - and _"
    known = ", ".join(DEVICES)
    assert device in DEVICES, f"device is {device!r}: it has to be one of {known}"
    assert type(priority) is int, f"priority is {priority!r}, not a whole number"
    formats: object = getattr(runtime, "formats", frozenset())
    assert isinstance(formats, (set, frozenset)), f"formats is {formats!r}, not a set"
    named = all(isinstance(each, str) and each for each in formats)
    assert named, f"formats is {formats!r}: it has to hold names such as onnx"
    problem_in(runtime)


def problem_in(
    runtime: DetectorRuntime | RecognizerRuntime | DetectorFactory | Destination,
) -> str | None:
    """What ``problem()`` says, checked: a sentence or None."""
    given: object = None
    for _ in range(2):
        start = time.perf_counter()
        try:
            given = runtime.problem()
        except BaseException as error:
            raise AssertionError(
                f"problem() raised {describe(error)}: it has to return a sentence, and never raises"
            ) from error
        seconds = time.perf_counter() - start
    assert seconds < _MAX_PROBLEM_SECONDS, (
        f"problem() took {seconds:.1f} s at its second call: it has to be cheap"
    )
    if given is None:
        return None
    told = isinstance(given, str) and given.strip()
    assert told, f"problem() returned {given!r}: it has to return a sentence, or None"
    assert isinstance(given, str)
    assert "\n" not in given.strip(), "problem() returned several lines: it has to be one sentence"
    return given
