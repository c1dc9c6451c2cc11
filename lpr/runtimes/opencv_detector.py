"""A Darknet detector in OpenCV's DNN module."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.onnx_cache import network_of
from lpr.darknet.weights import read_weights
from lpr.errors import BackendError, ModelError
from lpr.runtimes.opencv_importer import imported, unsupported
from lpr.runtimes.opencv_target import Target
from lpr.specs import DetectorModel
from lpr.types import Float32


class OpenCvDetector:
    """A loaded detector (:class:`lpr.protocols.DetectorNetwork`); several threads may share it.

    OpenCV's Darknet importer reads it (before OpenCV 5) if it supports the network
    (:func:`lpr.runtimes.opencv_importer.unsupported`); otherwise it is converted to ONNX. Heads are
    raw: OpenCV's ``[yolo]`` layer drops weak boxes by the cfg's thresholds, so an identity layer
    replaces each head.
    """

    def __init__(self, model: DetectorModel, target: Target) -> None:
        self._lock = threading.Lock()
        try:
            self._cfg, self._outputs, net = _read(model)
        except cv2.error as error:
            file = model.cfg if model.format == "darknet" else model.weights
            raise ModelError(f"{file}: OpenCV refuses it ({error.err})") from error
        target.prepare(net, "detector")
        self._target = target
        self._net: cv2.dnn.Net | None = net
        self._largest: dict[tuple[int, int], int] = {}

    def forward(self, batch: Float32) -> list[Float32]:
        """See :class:`lpr.protocols.DetectorNetwork`.

        Raises :class:`ModelError` for a size that the cfg's strides do not allow and
        :class:`BackendError` if OpenCV fails.
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
                self._target.enter()
                self._net.setInput(self._padded(batch) if self._target.plans else batch)
                outputs = self._net.forward(self._outputs)
                return [np.asarray(out, np.float32)[:count] for out in outputs]
            except cv2.error as error:
                raise BackendError(f"OpenCV failed to run the detector: {error.err}") from error

    def _padded(self, batch: Float32) -> Float32:
        """``batch`` with blank pictures up to the largest batch of its size so far, so that the
        network is not planned anew for the last frames of a video."""
        count, _, height, width = batch.shape
        largest = self._largest[height, width] = max(count, self._largest.get((height, width), 0))
        if count == largest:
            return batch
        padded = np.zeros((largest, *batch.shape[1:]), np.float32)
        padded[:count] = batch
        return padded

    def close(self) -> None:
        with self._lock:
            self._net = None


def _read(model: DetectorModel) -> tuple[Cfg, list[str], cv2.dnn.Net]:
    """Return the cfg, the names of the heads and the network."""
    cfg = read_cfg(model.cfg)
    cfg.check_size(model.spec.width, model.spec.height)
    if model.format == "darknet" and not unsupported(cfg):
        names = [f"identity_{head.index}" for head in cfg.heads]
        return cfg, names, imported(cfg, read_weights(model.weights, cfg))
    network = network_of(model)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(network.data, np.uint8))
    return cfg, network.heads, net
