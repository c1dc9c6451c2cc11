"""The device on which OpenCV's DNN module runs a network."""

from __future__ import annotations

import logging
from typing import NamedTuple

import cv2

from lpr.runtimes.opencv_cuda_layers import describe_layers, layer_types

log = logging.getLogger("lpr")


class Target(NamedTuple):
    """A backend and a target of ``cv2.dnn``; ``number`` is the index of a CUDA device."""

    backend: int
    target: int
    number: int | None

    @property
    def plans(self) -> bool:
        """Whether a network is planned for the shape of its input, anew whenever that changes."""
        return self != CPU

    def prepare(self, net: cv2.dnn.Net, name: str) -> None:
        """Select this target for ``net``; to be called before its first run.

        On CUDA, log which layers of the network called ``name`` fall back to the CPU.
        """
        if self == CPU:
            return  # the default; OpenCV 5 warns that it has no other
        # First the device: OpenCV decides about half precision by the current one.
        self.enter()
        net.setPreferableBackend(self.backend)
        net.setPreferableTarget(self.target)
        log.info("%s: %s", name, describe_layers(layer_types(net)))

    def enter(self) -> None:
        """To be called before each run: CUDA's current device is per thread."""
        if self.number is not None:
            cv2.cuda.setDevice(self.number)


CPU = Target(cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU, None)
