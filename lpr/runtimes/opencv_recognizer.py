"""A CTC recognizer in OpenCV's DNN module, read from an ONNX file."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from lpr.errors import BackendError, ModelError
from lpr.runtimes.opencv_target import Target
from lpr.runtimes.probe import probe
from lpr.specs import RecognizerModel
from lpr.types import Float32
from lpr.utils.files import read_model_file


class OpenCvRecognizer:
    """A loaded recognizer (:class:`lpr.protocols.CtcRecognizer`); several threads may share it.

    Plates go through the network one by one: OpenCV allocates again whenever the
    batch size changes, which costs more than batching gains, and many ONNX files fix it at 1.
    """

    def __init__(self, model: RecognizerModel, target: Target) -> None:
        self.spec = model.spec
        self._lock = threading.Lock()
        data = read_model_file(model.file)
        try:
            net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise ModelError(
                f"{model.file}: OpenCV's ONNX reader refuses it ({error.err}); "
                "get the file again, or use another runtime such as lpr-onnx"
            ) from error
        if not hasattr(cv2.dnn, "readNetFromDarknet"):
            _check_planes(data, model)
        target.prepare(net, "recognizer")
        self._target = target
        self._net: cv2.dnn.Net | None = net
        self._steps = probe(self, model.file)

    def logits(self, batch: Float32) -> Float32:
        """See :class:`lpr.protocols.CtcRecognizer`; raises :class:`BackendError` on failure."""
        try:
            with self._lock:
                rows = [self._run(batch[index : index + 1]) for index in range(len(batch))]
        except cv2.error as error:
            raise BackendError(f"OpenCV failed to run the recognizer: {error.err}") from error
        if not rows:
            return np.empty((0, self._steps, self.spec.classes), np.float32)
        return np.concatenate(rows)

    def close(self) -> None:
        with self._lock:
            self._net = None

    def _run(self, one: Float32) -> Float32:
        if self._net is None:
            raise ValueError("the recognizer is closed")
        self._target.enter()
        self._net.setInput(one)
        return np.asarray(self._net.forward(), np.float32)


def _check_planes(data: bytes, model: RecognizerModel) -> None:
    """OpenCV 5 accepts inputs with any number of channels, so the file is checked."""
    import onnx

    graph = onnx.load_model_from_string(data).graph
    constants = {constant.name for constant in graph.initializer}
    for value in graph.input:
        axes = value.type.tensor_type.shape.dim
        if value.name in constants or len(axes) != 4 or not axes[1].HasField("dim_value"):
            continue
        if axes[1].dim_value != model.spec.planes:
            raise ModelError(
                f"{model.file}: on an input of {model.spec.planes} channels it does not run: it "
                f"takes {axes[1].dim_value}; correct the model's description of the recognizer"
            )
