"""A Darknet detector in OpenCV's DNN module."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from lpr.darknet.cfg import read_cfg
from lpr.darknet.conversion import converted
from lpr.darknet.weights import read_weights
from lpr.errors import BackendError, ModelError
from lpr.runtimes.opencv_importer import imported, shortcomings
from lpr.specs import DetectorModel
from lpr.types import Float32


class OpenCvDetector:
    """A loaded detector (:class:`lpr.protocols.DetectorNetwork`); several threads may share it.

    OpenCV's own Darknet importer reads it where there is one (before OpenCV 5) that runs all of it
    rightly (:func:`lpr.runtimes.opencv_importer.shortcomings`); else it is converted to ONNX once.
    Heads come out raw: OpenCV's own reading of ``[yolo]`` drops weak boxes and ties the result to
    the cfg's thresholds, so each head is handed over as a layer that passes its input through.
    """

    def __init__(self, model: DetectorModel, backend: int, target: int) -> None:
        self._cfg = read_cfg(model.cfg)
        self._cfg.check_size(model.spec.width, model.spec.height)
        weights = read_weights(model.weights, self._cfg)
        self._lock = threading.Lock()
        try:
            if shortcomings(self._cfg):
                self._outputs = [f"head_{number}" for number in range(len(self._cfg.heads))]
                net = cv2.dnn.readNetFromONNX(
                    np.frombuffer(converted(self._cfg, weights), np.uint8)
                )
            else:
                self._outputs = [f"identity_{head.index}" for head in self._cfg.heads]
                net = imported(self._cfg, weights)
        except cv2.error as error:
            raise ModelError(f"{model.cfg}: OpenCV refuses it ({error.err})") from error
        net.setPreferableBackend(backend)
        net.setPreferableTarget(target)
        self._net: cv2.dnn.Net | None = net

    def forward(self, batch: Float32) -> list[Float32]:
        """See :class:`lpr.protocols.DetectorNetwork`; any size that the cfg's strides allow.

        Raises :class:`ModelError` for other sizes and :class:`BackendError` where OpenCV fails.
        """
        count, _, height, width = batch.shape
        self._cfg.check_size(width, height)
        if count == 0:
            shapes = self._cfg.shapes(width, height)
            return [np.empty((0, *shapes[head.index]), np.float32) for head in self._cfg.heads]
        with self._lock:
            if self._net is None:
                raise ValueError("the detector is closed")
            try:
                self._net.setInput(batch)
                return [np.asarray(out, np.float32) for out in self._net.forward(self._outputs)]
            except cv2.error as error:
                raise BackendError(f"OpenCV failed to run the detector: {error.err}") from error

    def close(self) -> None:
        with self._lock:
            self._net = None
