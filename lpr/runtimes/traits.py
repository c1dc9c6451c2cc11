"""What a runtime may have beyond its protocol, and what holds for one that has not.

- ``formats`` (of a detector runtime): the files that it runs, of ``"darknet"`` and ``"onnx"``; the
  first alone where it says nothing.
- ``precision``: what it computes in; ``"float32"`` where it says nothing.
- ``number``: that of the device, where there may be several; then ``on(number)`` is the same
  runtime on another one, for ``--device``, or a :class:`lpr.errors.BackendError` where there is
  none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lpr.errors import BackendError
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.specs import DetectorModel, RecognizerModel

_R = TypeVar("_R", DetectorRuntime, RecognizerRuntime)


def formats_of(runtime: DetectorRuntime | RecognizerRuntime) -> frozenset[str]:
    """The formats of model files that it runs."""
    return frozenset(getattr(runtime, "formats", ("darknet",)))


def precision_of(
    runtime: DetectorRuntime | RecognizerRuntime,
    model: DetectorModel | RecognizerModel | None = None,
) -> str:
    """What it computes in; a model that says so itself knows better."""
    own = str(getattr(runtime, "precision", "float32"))
    return (model.precision if model else "") or own


def pinned(runtime: _R, number: int | None) -> _R:
    """The runtime on its device ``number``; as it is for None.

    Raises :class:`lpr.errors.BackendError` where there is no such device, or no choice of one.
    """
    if number is None:
        return runtime
    if getattr(runtime, "number", None) is None:
        raise BackendError(
            f"{runtime.name} runs on the {runtime.device.upper()}, which has no numbers: --device "
            "is for backends such as cuda (lpr doctor says which work here)"
        )
    on: Callable[[int], _R] = runtime.on  # type: ignore[attr-defined]
    return on(number)


def place_of(runtime: DetectorRuntime | RecognizerRuntime) -> str:
    """Its device, with the number where it has one: ``cpu``, ``cuda:0``."""
    number = getattr(runtime, "number", None)
    return runtime.device if number is None else f"{runtime.device}:{number}"
