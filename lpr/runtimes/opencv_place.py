"""Where OpenCV's DNN module runs a network."""

from __future__ import annotations

from typing import NamedTuple

import cv2


class Place(NamedTuple):
    """A backend and a target of ``cv2.dnn``; ``number`` is that of a CUDA device."""

    backend: int
    target: int
    number: int | None

    def prepare(self, net: cv2.dnn.Net) -> None:
        """Have ``net`` run here; to be called before its first run."""
        if self == CPU:
            return  # where it runs anyway; OpenCV 5 warns that it has no choice
        net.setPreferableBackend(self.backend)
        net.setPreferableTarget(self.target)

    def enter(self) -> None:
        """To be called before each run: the current CUDA device is each thread's own."""
        if self.number is not None:
            cv2.cuda.setDevice(self.number)


CPU = Place(cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU, None)
