"""A Darknet detector in OpenCV's DNN module."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.conversion import network_of
from lpr.darknet.weights import read_weights
from lpr.errors import BackendError, ModelError
from lpr.runtimes.opencv_importer import imported, shortcomings
from lpr.runtimes.opencv_place import Place
from lpr.specs import DetectorModel
from lpr.types import Float32


class OpenCvDetector:
    """A loaded detector (:class:`lpr.protocols.DetectorNetwork`); several threads may share it.

    OpenCV's own Darknet importer reads it where there is one (before OpenCV 5) that runs all of it
    rightly (:func:`lpr.runtimes.opencv_importer.shortcomings`); else it is converted to ONNX once.
    Heads come out raw: OpenCV's own reading of ``[yolo]`` drops weak boxes and ties the result to
    the cfg's thresholds, so each head is handed over as a layer that passes its input through.
    """

    def __init__(self, model: DetectorModel, place: Place) -> None:
        self._lock = threading.Lock()
        try:
            self._cfg, self._outputs, net = _read(model)
        except cv2.error as error:
            file = model.cfg if model.format == "darknet" else model.weights
            raise ModelError(f"{file}: OpenCV refuses it ({error.err})") from error
        place.prepare(net)
        self._place = place
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
                self._place.enter()
                self._net.setInput(batch)
                return [np.asarray(out, np.float32) for out in self._net.forward(self._outputs)]
            except cv2.error as error:
                raise BackendError(f"OpenCV failed to run the detector: {error.err}") from error

    def close(self) -> None:
        with self._lock:
            self._net = None


def _read(model: DetectorModel) -> tuple[Cfg, list[str], cv2.dnn.Net]:
    """The cfg, the names of the heads and the network that gives them."""
    cfg = read_cfg(model.cfg)
    cfg.check_size(model.spec.width, model.spec.height)
    if model.format == "darknet" and not shortcomings(cfg):
        names = [f"identity_{head.index}" for head in cfg.heads]
        return cfg, names, imported(cfg, read_weights(model.weights, cfg))
    network = network_of(model)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(network.data, np.uint8))
    return cfg, network.heads, net
