"""A Darknet detector in OpenCV's DNN module."""

from __future__ import annotations

import threading
from dataclasses import replace

import cv2
import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.layers import Route, Yolo
from lpr.darknet.weights import read_weights
from lpr.errors import BackendError, ModelError
from lpr.specs import DetectorModel
from lpr.types import Float32


class OpenCvDetector:
    """A loaded detector (:class:`lpr.protocols.DetectorNetwork`); several threads may share it.

    Its heads come out raw: OpenCV's own reading of ``[yolo]`` drops weak boxes and ties the result
    to the cfg's thresholds, so each head is handed over as a layer that passes its input through.
    """

    def __init__(self, model: DetectorModel, backend: int, target: int) -> None:
        self._cfg = read_cfg(model.cfg)
        self._cfg.check_size(model.spec.width, model.spec.height)
        weights = read_weights(model.weights, self._cfg)
        self._outputs = [f"identity_{head.index}" for head in self._cfg.heads]
        self._lock = threading.Lock()
        try:
            net = cv2.dnn.readNetFromDarknet(
                np.frombuffer(headless(self._cfg).to_text().encode(), np.uint8),
                np.frombuffer(weights.to_bytes(), np.uint8),
            )
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


def headless(cfg: Cfg) -> Cfg:
    """``cfg`` with a layer that changes nothing in place of each ``[yolo]``: indices stay."""
    layers = tuple(
        Route(
            index=layer.index,
            inputs=layer.inputs,
            out_channels=layer.out_channels,
            out_stride=layer.out_stride,
            groups=1,
            group_id=0,
        )
        if isinstance(layer, Yolo)
        else layer
        for layer in cfg.layers
    )
    return replace(cfg, layers=layers)
