"""OpenVINO for lpr: runs detectors and recognizers on the CPU."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

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
        return import_problem("openvino")


class OpenVinoDetectorRuntime(_Runtime):
    """Runs Darknet detectors, converted to ONNX, and ONNX files."""

    formats = frozenset({"darknet", "onnx"})

    def open(self, model: DetectorModel, threads: int) -> EngineDetector:
        return open_detector(model, partial(_Network, threads=threads))


class OpenVinoRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from ONNX files."""

    formats = frozenset({"onnx"})

    def open(self, model: RecognizerModel, threads: int) -> EngineRecognizer:
        return open_recognizer(model, partial(_Network, threads=threads))


class _Network:
    """A compiled network with one input; several threads may share it."""

    def __init__(self, data: bytes, file: Path, threads: int) -> None:
        # Imported late: it is slow, and every lpr command loads this module.
        openvino = import_module("openvino")
        settings = {
            "NUM_STREAMS": 1,
            # By default, newer CPUs compute in bfloat16.
            "INFERENCE_PRECISION_HINT": "f32",
            **({"INFERENCE_NUM_THREADS": threads} if threads else {}),
        }
        try:
            core = openvino.Core()
            network = core.read_model(data)
            self._fixed_at_one = _is_one(network.input(0).partial_shape)
            self._compiled: Any = core.compile_model(network, "CPU", settings)
        except Exception as error:
            raise ModelError(
                f"{file}: OpenVINO refuses it ({_last_line(error)}); get the file again if it is "
                "damaged, or use another runtime"
            ) from error
        # A request holds the state of one run. Threads take one each and return it.
        self._requests: SimpleQueue[Any] = SimpleQueue()

    def run(self, batch: Float32) -> list[Float32]:
        if self._compiled is None:
            raise ValueError("the network is closed")
        try:
            request = self._requests.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()

        def infer(part: Float32) -> list[Float32]:
            return [np.array(output) for output in request.infer([part]).to_tuple()]

        try:
            outputs = run_in_parts(infer, batch, self._fixed_at_one)
        except Exception as error:
            raise BackendError(f"OpenVINO failed: {_last_line(error)}") from error
        self._requests.put(request)
        return outputs

    def close(self) -> None:
        self._compiled = None
        self._requests = SimpleQueue()


def _last_line(error: Exception) -> str:
    """Drops the lines before, which name places in OpenVINO's sources."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _is_one(shape: Any) -> bool:
    return shape.rank.is_static and shape[0].is_static and shape[0].get_length() == 1
