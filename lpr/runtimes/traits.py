"""Optional attributes of a runtime beyond its protocol, and their defaults.

- ``formats`` of a detector runtime: the files that it runs, of ``"darknet"`` and ``"onnx"``;
  by default ``"darknet"`` alone.
- ``precision``: of its arithmetic; by default ``"float32"``.
- ``number``: the index of its device, if there may be several. ``on(number)`` then returns the
  same runtime on another device, for ``--device``, or raises :class:`lpr.errors.BackendError`.
- ``unsuited(model)``: why it should not run this model although it runs the format, as the end of
  a sentence; by default None. Another runtime is then chosen unless this one was named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lpr.errors import BackendError
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.specs import DetectorModel, RecognizerModel

CPU_WHEELS = (
    "for the CPU alone, without 4 GB of CUDA: "
    "add --extra-index-url https://download.pytorch.org/whl/cpu"
)
INSTALL_TORCH = f"pip install ./plugins/lpr-torch ({CPU_WHEELS})"
"""How to install the runtimes of PyTorch, for messages."""

_R = TypeVar("_R", DetectorRuntime, RecognizerRuntime)


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


def device_of(runtime: DetectorRuntime | RecognizerRuntime) -> str:
    """Its device, with the index if it has one: ``cpu``, ``cuda:0``."""
    number = getattr(runtime, "number", None)
    return runtime.device if number is None else f"{runtime.device}:{number}"
