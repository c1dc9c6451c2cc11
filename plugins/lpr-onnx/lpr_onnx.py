"""ONNX Runtime for lpr: it runs detectors and recognizers, on the CPU and on CUDA."""

from __future__ import annotations

from ctypes.util import find_library
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from lpr.darknet.conversion import network_of
from lpr.errors import BackendError, ModelError
from lpr.hookspecs import hookimpl
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.probe import probe
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32

# onnxruntime takes a while to import and is imported where it is first needed: every
# lpr command loads this module, and most of them run no network.
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
    """``device`` is ``"cpu"`` or ``"cuda"``; ``number`` is that of a CUDA device."""

    priority = 50

    def __init__(self, device: str = "cpu", number: int | None = None) -> None:
        self.device = device
        self.name = "onnxruntime" if device == "cpu" else f"onnxruntime-{device}"
        self.number = 0 if device == "cuda" and number is None else number

    def problem(self) -> str | None:
        return _import_problem() or (_cuda_problem() if self.device == "cuda" else None)

    def on(self, number: int) -> _Runtime:
        """The same on the CUDA device ``number``; see :mod:`lpr.runtimes.traits`."""
        return type(self)(self.device, number)


class OnnxDetectorRuntime(_Runtime):
    """Runs detectors: Darknet's converted to ONNX, and ONNX files."""

    formats = frozenset({"darknet", "onnx"})

    def open(self, model: DetectorModel, threads: int) -> OnnxDetector:
        return OnnxDetector(model, threads, self.number)


class OnnxRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from ONNX files."""

    formats = frozenset({"onnx"})

    def open(self, model: RecognizerModel, threads: int) -> OnnxRecognizer:
        return OnnxRecognizer(model, threads, self.number)


class OnnxDetector:
    """A loaded detector; see :class:`lpr.protocols.DetectorNetwork`."""

    def __init__(self, model: DetectorModel, threads: int, cuda: int | None = None) -> None:
        self._cfg, network, _ = network_of(model)
        self._network = _Network(network, model.weights, threads, cuda)

    def forward(self, batch: Float32) -> list[Float32]:
        self._cfg.check_size(width=batch.shape[3], height=batch.shape[2])
        return self._network.run(batch)

    def close(self) -> None:
        self._network.close()


class OnnxRecognizer:
    """A loaded recognizer; see :class:`lpr.protocols.CtcRecognizer`."""

    def __init__(self, model: RecognizerModel, threads: int, cuda: int | None = None) -> None:
        self.spec = model.spec
        try:
            data = model.file.read_bytes()
        except OSError as error:
            raise ModelError(f"{model.file}: cannot be read ({error.strerror})") from error
        self._network = _Network(data, model.file, threads, cuda)
        probe(self, model.file)

    def logits(self, batch: Float32) -> Float32:
        return self._network.run(batch)[0]

    def close(self) -> None:
        self._network.close()


class _Network:
    """An ONNX Runtime session with one input; several threads may share it.

    It runs on the CUDA device ``cuda``, on the CPU for None.
    """

    def __init__(self, data: bytes, file: Path, threads: int, cuda: int | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin between two networks take the cores from all else that runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors; they arrive as exceptions too
        provider: Any = "CPUExecutionProvider"
        if cuda is not None:
            provider = (_CUDA, {"device_id": str(cuda)})
        try:
            self._session: InferenceSession | None = onnxruntime.InferenceSession(
                data, options, providers=[provider]
            )
        # Its exceptions have no common base but Exception.
        except Exception as error:
            raise ModelError(
                f"{file}: ONNX Runtime refuses it ({_line(error)}); get the file again if it is "
                "damaged, or use another runtime"
            ) from error
        if cuda is not None and _CUDA not in self._session.get_providers():
            raise BackendError(
                f"ONNX Runtime cannot use the CUDA device {cuda} (it says why on standard error): "
                "nvidia-smi lists the devices, docs/cuda.md the libraries that it needs"
            )
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ModelError(f"{file}: has {len(inputs)} inputs; a network of lpr has one")
        self._input = inputs[0].name
        # Some exports fix the batch size; such a network sees its inputs one by one.
        self._one_by_one = inputs[0].shape[:1] == [1]

    def run(self, batch: Float32) -> list[Float32]:
        """All outputs for a batch."""
        if self._session is None:
            raise ValueError("the network is closed")
        parts = np.split(batch, len(batch)) if self._one_by_one and len(batch) > 1 else [batch]
        try:
            results = [self._session.run(None, {self._input: part}) for part in parts]
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed: {_line(error)}") from error
        return [np.concatenate(outputs) for outputs in zip(*results, strict=True)]

    def close(self) -> None:
        self._session = None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _import_problem() -> str | None:
    try:
        import_module("onnxruntime")
    # A package that is there but broken raises whatever it likes.
    except Exception as error:
        return f"onnxruntime cannot be imported ({error}); pip install -U onnxruntime"
    return None


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
