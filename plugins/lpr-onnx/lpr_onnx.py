"""ONNX Runtime for lpr: a detector runtime and a recognizer runtime, both named onnxruntime."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lpr.darknet.cfg import read_cfg
from lpr.darknet.conversion import converted
from lpr.darknet.weights import read_weights
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


@hookimpl
def lpr_detector_runtimes() -> list[DetectorRuntime]:
    return [OnnxDetectorRuntime()]


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return [OnnxRecognizerRuntime()]


class OnnxDetectorRuntime:
    """Runs Darknet detectors, converted to ONNX in memory."""

    name = "onnxruntime"
    device = "cpu"
    priority = 50

    def problem(self) -> str | None:
        return _import_problem()

    def open(self, model: DetectorModel, threads: int) -> OnnxDetector:
        return OnnxDetector(model, threads)


class OnnxRecognizerRuntime:
    """Runs CTC recognizers from ONNX files."""

    name = "onnxruntime"
    device = "cpu"
    priority = 50
    formats = frozenset({"onnx"})

    def problem(self) -> str | None:
        return _import_problem()

    def open(self, model: RecognizerModel, threads: int) -> OnnxRecognizer:
        return OnnxRecognizer(model, threads)


class OnnxDetector:
    """A loaded detector; see :class:`lpr.protocols.DetectorNetwork`."""

    def __init__(self, model: DetectorModel, threads: int) -> None:
        self._cfg = read_cfg(model.cfg)
        self._cfg.check_size(model.spec.width, model.spec.height)
        network = converted(self._cfg, read_weights(model.weights, self._cfg))
        self._network = _Network(network, model.cfg, threads)

    def forward(self, batch: Float32) -> list[Float32]:
        self._cfg.check_size(width=batch.shape[3], height=batch.shape[2])
        return self._network.run(batch)

    def close(self) -> None:
        self._network.close()


class OnnxRecognizer:
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
    """An ONNX Runtime session with one input; several threads may share it."""

    def __init__(self, data: bytes, file: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin between two networks take the cores from all else that runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors; they arrive as exceptions too
        try:
            self._session: InferenceSession | None = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        # Its exceptions have no common base but Exception.
        except Exception as error:
            raise ModelError(
                f"{file}: ONNX Runtime refuses it ({error}); get the file again"
            ) from error
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
            raise BackendError(f"ONNX Runtime failed: {error}") from error
        return [np.concatenate(outputs) for outputs in zip(*results, strict=True)]

    def close(self) -> None:
        self._session = None


def _import_problem() -> str | None:
    try:
        import_module("onnxruntime")
    # A package that is there but broken raises whatever it likes.
    except Exception as error:
        return f"onnxruntime cannot be imported ({error}); pip install -U onnxruntime"
    return None
