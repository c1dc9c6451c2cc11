"""Optional attributes of a runtime beyond its protocol, and their defaults.

- ``formats`` of a detector runtime: the files that it runs, of ``"darknet"`` and ``"onnx"``;
  by default ``"darknet"`` alone.
- ``precision``: of its arithmetic; by default ``"float32"``.
- ``number``: the index of its device, if there may be several. ``on(number)`` then returns the
  same runtime on another device, for ``--device``, or raises :class:`lpr.errors.BackendError`.
- ``unsuited(model)``: why it should not run this model although it runs the format, as the end of
  a sentence; by default None. Another runtime is then chosen unless this one was named.
- ``min_confidence``, ``grammar_odds``, ``calibration`` of a recognizer runtime that brings its own
  model: as in :class:`lpr.specs.RecognizerModel`; by default 0, 1 and None. ``calibrated`` is True
  if its readings' confidences are already the probabilities that the texts are right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from lpr.errors import BackendError, PluginError
from lpr.protocols import DetectorFactory, DetectorRuntime, RecognizerRuntime
from lpr.specs import DetectorModel, RecognizerModel
from lpr.specs.calibration import Calibration

CPU_WHEELS = (
    "for the CPU alone, without 4 GB of CUDA, first: "
    "pip install torch --index-url https://download.pytorch.org/whl/cpu"
)
INSTALL_TORCH = f"pip install 'lpr[torch]', in a checkout ./plugins/lpr-torch ({CPU_WHEELS})"
"""How to install the runtimes of PyTorch, for messages."""

_R = TypeVar("_R", DetectorRuntime, RecognizerRuntime, DetectorFactory)


def formats_of(runtime: DetectorRuntime | RecognizerRuntime) -> frozenset[str]:
    """The formats of the model files that it runs."""
    return frozenset(getattr(runtime, "formats", ("darknet",)))


def unsuited(
    runtime: DetectorRuntime | RecognizerRuntime, model: DetectorModel | RecognizerModel | None
) -> str | None:
    """Why the runtime should not run ``model``; None if nothing is known against it."""
    check = getattr(runtime, "unsuited", None)
    return None if check is None or model is None else check(model)


def precision_of(
    runtime: DetectorRuntime | RecognizerRuntime,
    model: DetectorModel | RecognizerModel | None = None,
) -> str:
    """The precision of its arithmetic; one that the model states overrides it."""
    default = str(getattr(runtime, "precision", "float32"))
    return (model.precision if model else "") or default


def brings_own_model(runtime: RecognizerRuntime) -> bool:
    """Whether it ignores the files of model folders."""
    return not runtime.formats


def settings_of(runtime: RecognizerRuntime, model: RecognizerModel) -> RecognizerModel:
    """``model`` with the thresholds and the calibration of the recognizer that ``runtime`` opens:
    the model's own, or the runtime's if it brings its own model.

    Raises :class:`lpr.errors.PluginError` if the runtime states one that is not valid.
    """
    if not brings_own_model(runtime):
        return model
    least, odds = getattr(runtime, "min_confidence", 0.0), getattr(runtime, "grammar_odds", 1.0)
    calibration = getattr(runtime, "calibration", None)
    for name, value, valid, words in (
        ("min_confidence", least, _is_number(least) and 0 <= least <= 1, "a number in 0..1"),
        ("grammar_odds", odds, _is_number(odds) and odds >= 1, "a number of at least 1"),
        (
            "calibration",
            calibration,
            calibration is None or isinstance(calibration, Calibration),
            "an lpr.specs.calibration.Calibration",
        ),
    ):
        if not valid:
            raise PluginError(
                f"recognizer runtime {runtime.name} has {name} = {value!r}; it has to be {words}"
            )
    return replace(
        model, min_confidence=float(least), grammar_odds=float(odds), calibration=calibration
    )


def is_calibrated(runtime: RecognizerRuntime, model: RecognizerModel) -> bool:
    """Whether its confidences are probabilities that texts are right; ``model`` is that of
    :func:`settings_of`."""
    own = brings_own_model(runtime) and getattr(runtime, "calibrated", False) is True
    return own or model.calibration is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def pinned(runtime: _R, number: int | None) -> _R:
    """Return the runtime on its device ``number``; unchanged for None.

    Raises :class:`lpr.errors.BackendError` if there is no such device, or no choice of devices.
    """
    if number is None:
        return runtime
    if getattr(runtime, "number", None) is None:
        raise BackendError(
            f"{runtime.name} runs on the {runtime.device.upper()}, which has no numbers: --device "
            "is for backends such as cuda (lpr doctor lists those that work here)"
        )
    on: Callable[[int], _R] = runtime.on  # type: ignore[attr-defined]
    return on(number)


def device_of(runtime: DetectorRuntime | RecognizerRuntime | DetectorFactory) -> str:
    """Its device, with the index if it has one: ``cpu``, ``cuda:0``."""
    number = getattr(runtime, "number", None)
    return runtime.device if number is None else f"{runtime.device}:{number}"
