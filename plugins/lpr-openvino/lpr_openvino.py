"""OpenVINO for lpr: it runs detectors and recognizers on the CPU."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from lpr.darknet.conversion import network_of
from lpr.errors import BackendError, ModelError
from lpr.hookspecs import hookimpl
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.probe import probe
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32

lpr_interface = 1


@hookimpl
def lpr_detector_runtimes() -> list[DetectorRuntime]:
    return [OpenVinoDetectorRuntime()]


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return [OpenVinoRecognizerRuntime()]


class _Runtime:
    name = "openvino"
    device = "cpu"
    priority = 40

    def problem(self) -> str | None:
        try:
            import_module("openvino")
        # A package that is there but broken raises whatever it likes.
        except Exception as error:
            return f"openvino cannot be imported ({error}); pip install -U openvino"
        return None


class OpenVinoDetectorRuntime(_Runtime):
    """Runs detectors: Darknet's converted to ONNX, and ONNX files."""

    formats = frozenset({"darknet", "onnx"})

    def open(self, model: DetectorModel, threads: int) -> OpenVinoDetector:
        return OpenVinoDetector(model, threads)


class OpenVinoRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from ONNX files."""

    formats = frozenset({"onnx"})

    def open(self, model: RecognizerModel, threads: int) -> OpenVinoRecognizer:
        return OpenVinoRecognizer(model, threads)


class OpenVinoDetector:
    """A loaded detector; see :class:`lpr.protocols.DetectorNetwork`."""

    def __init__(self, model: DetectorModel, threads: int) -> None:
        self._cfg, network, _ = network_of(model)
        self._network = _Network(network, model.weights, threads)

    def forward(self, batch: Float32) -> list[Float32]:
        self._cfg.check_size(width=batch.shape[3], height=batch.shape[2])
        return self._network.run(batch)

    def close(self) -> None:
        self._network.close()


class OpenVinoRecognizer:
    """A loaded recognizer; see :class:`lpr.protocols.CtcRecognizer`."""

    def __init__(self, model: RecognizerModel, threads: int) -> None:
        self.spec = model.spec
        try:
            data = model.file.read_bytes()
        except OSError as error:
            raise ModelError(f"{model.file}: cannot be read ({error.strerror})") from error
        self._network = _Network(data, model.file, threads)
        probe(self, model.file)

    def logits(self, batch: Float32) -> Float32:
        return self._network.run(batch)[0]

    def close(self) -> None:
        self._network.close()


class _Network:
    """A compiled network with one input; several threads may share it."""

    def __init__(self, data: bytes, file: Path, threads: int) -> None:
        # Takes a while to import, and every lpr command loads this module.
        openvino = import_module("openvino")
        settings = {
            "NUM_STREAMS": 1,
            # Without it, newer processors compute in bfloat16.
            "INFERENCE_PRECISION_HINT": "f32",
            **({"INFERENCE_NUM_THREADS": threads} if threads else {}),
        }
        try:
            core = openvino.Core()
            network = core.read_model(data)
            # Some exports fix the batch size; such a network sees its inputs one by one.
            self._one_by_one = _is_one(network.input(0).partial_shape)
            self._compiled: Any = core.compile_model(network, "CPU", settings)
        except Exception as error:
            raise ModelError(
                f"{file}: OpenVINO refuses it ({_line(error)}); get the file again if it is "
                "damaged, or use another runtime"
            ) from error
        # A request is the state of one run: each thread takes one, and the next finds it again.
        self._requests: SimpleQueue[Any] = SimpleQueue()

    def run(self, batch: Float32) -> list[Float32]:
        """All outputs for a batch."""
        if self._compiled is None:
            raise ValueError("the network is closed")
        parts = np.split(batch, len(batch)) if self._one_by_one and len(batch) > 1 else [batch]
        try:
            request = self._requests.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        try:
            results = [
                [np.array(output) for output in request.infer([part]).to_tuple()] for part in parts
            ]
        except Exception as error:
            raise BackendError(f"OpenVINO failed: {_line(error)}") from error
        self._requests.put(request)
        return [np.concatenate(outputs) for outputs in zip(*results, strict=True)]

    def close(self) -> None:
        self._compiled = None
        self._requests = SimpleQueue()


def _line(error: Exception) -> str:
    """Its last line: those before say where in OpenVINO's sources it arose."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _is_one(shape: Any) -> bool:
    return shape.rank.is_static and shape[0].is_static and shape[0].get_length() == 1
