"""Selects a registered runtime for ``--backend auto|cpu|cuda|NAME``."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeVar

from lpr.errors import BackendError, StuckError, describe
from lpr.models import Model, installed_models, is_model, load_model
from lpr.protocols import DetectorFactory, DetectorRuntime, RecognizerRuntime
from lpr.runtimes.traits import formats_of, pinned, settings_of, unsuited
from lpr.specs import DetectorModel, RecognizerModel
from lpr.utils.bounded import call_bounded, is_third_party

log = logging.getLogger("lpr")

PROBLEM_TIMEOUT = 10.0
"""Seconds for a runtime's ``problem()``, which has to be cheap; importing a large library may take
some."""

_R = TypeVar("_R", DetectorRuntime, RecognizerRuntime)


def select(
    runtimes: Sequence[DetectorRuntime],
    backend: str,
    format: str = "darknet",
    fastest: Collection[str] = (),
    model: DetectorModel | None = None,
) -> DetectorRuntime:
    """The runtime for ``backend`` that runs detectors of ``format``, and suits ``model`` if given.

    ``auto`` is the best runtime that works on CUDA, otherwise on the CPU; ``cpu`` is the best one
    that works on the CPU; anything else, such as ``cuda`` (OpenCV's CUDA DNN), is a runtime's name.
    The best is the first of the names in ``fastest``, then the one with the highest priority.
    Raises :class:`BackendError` if there is none; a named runtime is never replaced by another.
    """
    if backend in ("auto", "cpu"):
        return _select(_able(runtimes, format, model), backend, "backend", fastest)
    runtime = _select(runtimes, backend, "backend")
    if format not in formats_of(runtime):
        raise BackendError(
            f"backend {runtime.name} does not run {format} files such as the detector's; "
            + _working(_able(runtimes, format))
        )
    if reason := unsuited(runtime, model):
        raise BackendError(
            f"backend {runtime.name} does not run this model's detector: {reason}; "
            + _working(_able(runtimes, format, model))
        )
    return runtime


def select_recognizer(
    runtimes: Sequence[RecognizerRuntime],
    backend: str,
    format: str,
    *,
    required: bool = False,
    fastest: Collection[str] = (),
    model: RecognizerModel | None = None,
) -> RecognizerRuntime:
    """The runtime for ``backend`` that runs recognizers of ``format``.

    ``backend`` and ``fastest`` are as in :func:`select`; ``backend`` is usually the name of the
    detector's runtime. If no recognizer runtime of that name works here with ``format`` and suits
    ``model``, the best on the same device is taken, then the best on the CPU.

    With ``required``, only the named runtime will do; it may then bring its own model (empty
    ``formats``). Raises :class:`BackendError` if there is none.
    """
    if required and backend not in ("auto", "cpu"):
        runtime = _select(runtimes, backend, "recognizer")
        if runtime.formats and format not in runtime.formats:
            formats = ", ".join(sorted(runtime.formats))
            raise BackendError(
                f"recognizer {runtime.name} runs {formats} files, but the "
                f"model's is {format}; {_working(_able(runtimes, format))}"
            )
        if reason := unsuited(runtime, model):
            raise BackendError(
                f"recognizer {runtime.name} does not run this model: {reason}; "
                + _working(_able(runtimes, format, model))
            )
        return runtime
    able = _able(runtimes, format, model)
    namesakes = [runtime for runtime in able if runtime.name == backend]
    if namesakes and problem_of(namesakes[0]) is None:
        return namesakes[0]
    devices = [runtime.device for runtime in runtimes if runtime.name == backend] or [backend]
    best = _best(able, ("cuda", "cpu") if backend == "auto" else (devices[0], "cpu"), fastest)
    if best is not None:
        return best
    raise BackendError(
        f"no recognizer runs the model's {format} file here: {_problems(able)}; "
        "install a plugin that does, such as lpr-onnx"
    )


def problem_of(runtime: DetectorRuntime | RecognizerRuntime | DetectorFactory) -> str | None:
    """Its ``problem()``; an exception, which the protocol forbids, counts as the problem."""
    try:
        if not is_third_party(runtime):
            return runtime.problem()
        return call_bounded("problem()", PROBLEM_TIMEOUT, runtime.problem, runtime)
    except StuckError as error:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return describe(error)


def _select(runtimes: Sequence[_R], backend: str, what: str, fastest: Collection[str] = ()) -> _R:
    if backend in ("auto", "cpu"):
        best = _best(runtimes, ("cuda", "cpu") if backend == "auto" else ("cpu",), fastest)
        if best is not None:
            return best
        raise BackendError(f"no runtime works on the CPU here: {_problems(runtimes)}")
    named = [runtime for runtime in runtimes if runtime.name == backend]
    if not named:
        names = ", ".join(["auto", "cpu", *(runtime.name for runtime in runtimes)])
        raise BackendError(
            f"there is no {what} {backend!r}; use one of {names} (lpr plugins lists them)"
        )
    problem = problem_of(named[0])
    if problem is not None:
        raise BackendError(f"{what} {backend} does not work here: {problem}; {_working(runtimes)}")
    return named[0]


def _best(runtimes: Sequence[_R], devices: Sequence[str], fastest: Collection[str]) -> _R | None:
    """The working runtime on the first of ``devices`` that has one: the first in ``fastest``, or
    else the one with the highest priority; the first of equals."""
    ranks = {name: rank for rank, name in enumerate(fastest)}

    def rank(runtime: _R) -> tuple[int, int, int]:
        order = ranks.get(runtime.name, len(ranks))
        return devices.index(runtime.device), order, -runtime.priority

    candidates = sorted((each for each in runtimes if each.device in devices), key=rank)
    return next((runtime for runtime in candidates if problem_of(runtime) is None), None)


def _able(
    runtimes: Sequence[_R], format: str, model: DetectorModel | RecognizerModel | None = None
) -> list[_R]:
    return [
        runtime
        for runtime in runtimes
        if format in formats_of(runtime) and not unsuited(runtime, model)
    ]


def _working(runtimes: Sequence[_R]) -> str:
    working = [runtime for runtime in runtimes if problem_of(runtime) is None]
    names = ", ".join(f"{runtime.name} ({runtime.device})" for runtime in working)
    return f"these work here: {names}" if names else "no other runtime works here"


def _problems(runtimes: Sequence[_R]) -> str:
    return "; ".join(f"{r.name}: {problem_of(r)}" for r in runtimes) or "none is registered"


class RecognizerChoice(NamedTuple):
    """A runtime and the recognizer that it opens, with that recognizer's own thresholds and
    calibration."""

    runtime: RecognizerRuntime
    model: RecognizerModel


def choose_recognizers(
    runtimes: Sequence[RecognizerRuntime],
    model: Model,
    names: str | None,
    backend: str,
    detector: DetectorRuntime,
    device: int | None = None,
    fastest: Collection[str] = (),
) -> list[RecognizerChoice]:
    """The recognizers with the given ``names`` (runtimes or models, separated by commas), or the
    model's own for None.

    ``backend`` is the requested one, and ``detector`` the detector's runtime that it selected. On
    the CPU each stage takes its own fastest runtime unless the backend names one. ``device`` is the
    number of the GPU for runtimes that run on one.

    Raises :class:`BackendError` for an unknown or repeated name, and for a runtime that does not
    work here.
    """
    each_its_fastest = backend in ("auto", "cpu") and detector.device == "cpu"
    backend = "cpu" if each_its_fastest else detector.name
    parts = [None] if names is None else [name.strip() for name in names.split(",")]
    if len(set(parts)) < len(parts):
        raise BackendError(f"recognizer {names}: each can vote once only")
    return [_choose(runtimes, model, name, backend, device, fastest) for name in parts]


def _choose(
    runtimes: Sequence[RecognizerRuntime], model: Model, name: str | None, backend: str,
    device: int | None, fastest: Collection[str]
) -> RecognizerChoice:  # fmt: skip
    known = ("auto", "cpu", *(runtime.name for runtime in runtimes))
    if name is not None and name not in known:
        if not is_model(name):
            raise BackendError(
                f"there is no recognizer {name!r}: it is neither a runtime ({', '.join(known)}) "
                f"nor a model ({', '.join(installed_models())}, or a folder)"
            )
        model, name = load_model(name), None
    format, required = model.recognizer.format, name is not None
    asked = name or backend
    runtime = select_recognizer(
        runtimes, asked, format, required=required, fastest=fastest, model=model.recognizer
    )
    for other in runtimes:
        if other.name == asked != runtime.name and (why := unsuited(other, model.recognizer)):
            log.info("recognizer: %s instead of %s: %s", runtime.name, asked, why)
    runtime = pinned(runtime, device if runtime.device != "cpu" else None)
    return RecognizerChoice(runtime, settings_of(runtime, model.recognizer))
