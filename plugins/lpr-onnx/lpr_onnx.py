"""ONNX Runtime for lpr: runs detectors and recognizers on the CPU and on CUDA."""

from __future__ import annotations

from ctypes.util import find_library
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lpr.errors import BackendError, ModelError
from lpr.hookspecs import hookimpl
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.onnx_networks import (
    EngineDetector,
    EngineRecognizer,
    import_problem,
    open_detector,
    open_recognizer,
    run_in_parts,
)
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32

# Imported late: it is slow, every lpr command loads this module, and most run no network.
if TYPE_CHECKING:
    from onnxruntime import InferenceSession

lpr_interface = 1

_CUDA = "CUDAExecutionProvider"


@hookimpl
def lpr_detector_runtimes() -> list[DetectorRuntime]:
    return [OnnxDetectorRuntime("cpu"), OnnxDetectorRuntime("cuda")]


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return [OnnxRecognizerRuntime("cpu"), OnnxRecognizerRuntime("cuda")]


@hookimpl
def lpr_commands() -> list[click.Command]:
    from lpr_onnx_cli import command

    return [command]


class _Runtime:
    """``device`` is ``"cpu"`` or ``"cuda"``; ``number`` is the index of a CUDA device."""

    priority = 50

    def __init__(self, device: str = "cpu", number: int | None = None) -> None:
        self.device = device
        self.name = "onnxruntime" if device == "cpu" else f"onnxruntime-{device}"
        self.number = 0 if device == "cuda" and number is None else number

    def problem(self) -> str | None:
        return import_problem("onnxruntime") or (_cuda_problem() if self.device == "cuda" else None)

    def on(self, number: int) -> _Runtime:
        """Return this runtime on the CUDA device ``number``; see :mod:`lpr.runtimes.traits`."""
        return type(self)(self.device, number)


class OnnxDetectorRuntime(_Runtime):
    """Runs Darknet detectors, converted to ONNX, and ONNX files."""

    formats = frozenset({"darknet", "onnx"})

    def open(self, model: DetectorModel, threads: int) -> EngineDetector:
        return open_detector(model, partial(_Network, threads=threads, cuda=self.number))


class OnnxRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from ONNX files."""

    formats = frozenset({"onnx"})

    def open(self, model: RecognizerModel, threads: int) -> EngineRecognizer:
        return open_recognizer(model, partial(_Network, threads=threads, cuda=self.number))


class _Network:
    """An ONNX Runtime session on the CUDA device ``cuda``, or on the CPU if None."""

    def __init__(self, data: bytes, file: Path, threads: int, cuda: int | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads would take the cores from everything else between two runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors only; they are raised too
        provider: Any = "CPUExecutionProvider"
        if cuda is not None:
            provider = (_CUDA, {"device_id": str(cuda)})
        try:
            self._session: InferenceSession | None = onnxruntime.InferenceSession(
                data, options, providers=[provider]
            )
        # ONNX Runtime's exceptions have no common base class but Exception.
        except Exception as error:
            raise ModelError(
                f"{file}: ONNX Runtime refuses it ({_message(error)}); get the file again if it is "
                "damaged, or use another runtime"
            ) from error
        if cuda is not None and _CUDA not in self._session.get_providers():
            raise BackendError(
                f"ONNX Runtime cannot use the CUDA device {cuda} (it logs why on standard error): "
                "nvidia-smi lists the devices, docs/cuda.md the libraries it needs"
            )
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ModelError(f"{file}: has {len(inputs)} inputs; networks for lpr have one")
        self._input = inputs[0].name
        self._fixed_at_one = inputs[0].shape[:1] == [1]

    def run(self, batch: Float32) -> list[Float32]:
        session = self._session
        if session is None:
            raise ValueError("the network is closed")

        def infer(part: Float32) -> list[Float32]:
            outputs: list[Float32] = session.run(None, {self._input: part})
            return outputs

        try:
            return run_in_parts(infer, batch, self._fixed_at_one)
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed: {_message(error)}") from error

    def close(self) -> None:
        self._session = None


def _message(error: Exception) -> str:
    return " ".join(str(error).split())


def _cuda_problem() -> str | None:
    import onnxruntime

    if _CUDA not in onnxruntime.get_available_providers():
        return (
            f"this onnxruntime ({onnxruntime.__version__}) has no CUDA; pip uninstall onnxruntime; "
            "pip install onnxruntime-gpu"
        )
    if find_library("cuda") is None:
        return "there is no NVIDIA driver here (libcuda is missing)"
    return None
