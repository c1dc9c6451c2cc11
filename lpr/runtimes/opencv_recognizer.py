"""A CTC recognizer in OpenCV's DNN module, read from an ONNX file."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from lpr.errors import BackendError, ModelError
from lpr.specs import RecognizerModel
from lpr.types import Float32


class OpenCvRecognizer:
    """A loaded recognizer (:class:`lpr.protocols.CtcRecognizer`); several threads may share it.

    Plates go through the network one by one: OpenCV plans anew at every change of the batch size,
    which costs more than a batch gains, and many ONNX files fix theirs at one.
    """

    def __init__(self, model: RecognizerModel, backend: int, target: int) -> None:
        self.spec = model.spec
        self._lock = threading.Lock()
        try:
            data = model.file.read_bytes()
        except OSError as error:
            raise ModelError(f"{model.file}: cannot be read ({error.strerror})") from error
        try:
            net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise ModelError(
                f"{model.file}: OpenCV's ONNX reader refuses it ({error.err}); "
                "get the file again, or use another runtime such as lpr-onnx"
            ) from error
        net.setPreferableBackend(backend)
        net.setPreferableTarget(target)
        self._net: cv2.dnn.Net | None = net
        self._steps = self._probe(str(model.file))

    def logits(self, batch: Float32) -> Float32:
        """See :class:`lpr.protocols.CtcRecognizer`.

        Raises :class:`BackendError` where OpenCV fails.
        """
        out = np.empty((len(batch), self._steps, self.spec.classes), np.float32)
        with self._lock:
            for index in range(len(batch)):
                try:
                    out[index] = self._run(batch[index : index + 1])[0]
                except cv2.error as error:
                    raise BackendError(
                        f"OpenCV failed to run the recognizer: {error.err}"
                    ) from error
        return out

    def close(self) -> None:
        with self._lock:
            self._net = None

    def _run(self, one: Float32) -> Float32:
        if self._net is None:
            raise ValueError("the recognizer is closed")
        self._net.setInput(one)
        return np.asarray(self._net.forward(), np.float32)

    def _probe(self, name: str) -> int:
        """The number of time steps; raises ModelError unless the network fits its description."""
        spec = self.spec
        shape = (1, 1 if spec.channels == "gray" else 3, spec.height, spec.width)
        wanted = "x".join(map(str, shape))
        try:
            out = self._run(np.zeros(shape, np.float32))
        except cv2.error as error:
            raise ModelError(
                f"{name}: does not run on an input of {wanted} in OpenCV ({error.err}); "
                "correct the model's description, or use another runtime such as lpr-onnx"
            ) from error
        if out.ndim != 3 or out.shape[0] != 1 or out.shape[2] != spec.classes:
            raise ModelError(
                f"{name}: gives {'x'.join(map(str, out.shape))} for an input of {wanted}; "
                f"an alphabet of {len(spec.alphabet)} and a blank need 1 x T x {spec.classes}"
            )
        return int(out.shape[1])
