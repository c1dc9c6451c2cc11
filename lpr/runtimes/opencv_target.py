"""The device on which OpenCV's DNN module runs a network."""

from __future__ import annotations

from typing import NamedTuple

import cv2


class Target(NamedTuple):
    """A backend and a target of ``cv2.dnn``; ``number`` is the index of a CUDA device."""

    backend: int
    target: int
    number: int | None

    def prepare(self, net: cv2.dnn.Net) -> None:
        """Select this target for ``net``; to be called before its first run."""
        if self == CPU:
            return  # the default; OpenCV 5 warns that it has no other
        net.setPreferableBackend(self.backend)
        net.setPreferableTarget(self.target)

    def enter(self) -> None:
        """To be called before each run: CUDA's current device is per thread."""
        if self.number is not None:
            cv2.cuda.setDevice(self.number)


CPU = Target(cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU, None)
