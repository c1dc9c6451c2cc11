"""OpenCV's DNN module on the CPU and on CUDA: the runtimes that need no plugin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import metadata

import cv2

from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.opencv_detector import OpenCvDetector
from lpr.runtimes.opencv_recognizer import OpenCvRecognizer
from lpr.specs import DetectorModel, RecognizerModel

_DISTRIBUTIONS = (
    "opencv-contrib-python-headless",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-python",
)


def detector_runtimes() -> list[DetectorRuntime]:
    return [OpenCvDetectorRuntime(*_CPU), OpenCvDetectorRuntime(*_CUDA)]


def recognizer_runtimes() -> list[RecognizerRuntime]:
    return [OpenCvRecognizerRuntime(*_CPU), OpenCvRecognizerRuntime(*_CUDA)]


_CPU = ("opencv", "cpu", 10)
_CUDA = ("cuda", "cuda", 10)


@dataclass(slots=True)
class OpenCvDetectorRuntime:
    """Runs Darknet detectors. ``threads`` other than 0 counts for all of OpenCV in the process:
    ``cv2.setNumThreads`` knows no smaller scope."""

    name: str
    device: str
    priority: int

    def problem(self) -> str | None:
        return _cuda_problem() if self.device == "cuda" else None

    def open(self, model: DetectorModel, threads: int) -> OpenCvDetector:
        _set_threads(threads)
        return OpenCvDetector(model, *_place(self.device))


@dataclass(slots=True)
class OpenCvRecognizerRuntime:
    """Runs CTC recognizers from ONNX files. ``threads`` as in :class:`OpenCvDetectorRuntime`."""

    name: str
    device: str
    priority: int
    formats: frozenset[str] = frozenset({"onnx"})

    def problem(self) -> str | None:
        return _cuda_problem() if self.device == "cuda" else None

    def open(self, model: RecognizerModel, threads: int) -> OpenCvRecognizer:
        _set_threads(threads)
        return OpenCvRecognizer(model, *_place(self.device))


def _place(device: str) -> tuple[int, int]:
    if device == "cuda":
        return cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA
    return cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU


def _set_threads(threads: int) -> None:
    if threads > 0:
        cv2.setNumThreads(threads)


@cache
def _cuda_problem() -> str | None:
    """OpenCV itself falls back to the CPU, or asserts at the first forward: ask it beforehand."""
    try:
        if cv2.dnn.DNN_TARGET_CUDA in cv2.dnn.getAvailableTargets(cv2.dnn.DNN_BACKEND_CUDA):
            return None
        devices = cv2.cuda.getCudaEnabledDeviceCount()
    except cv2.error as error:
        return f"{_build()} fails to look for CUDA devices ({error.err}); see nvidia-smi"
    information = cv2.getBuildInformation().splitlines()
    if not any("NVIDIA CUDA" in line and "YES" in line for line in information):
        return (
            f"{_build()} is built without CUDA, as PyPI's wheels are; docs/cuda.md says how to "
            "build it with CUDA"
        )
    if devices < 1:
        return f"{_build()} is built with CUDA and finds no CUDA device; see nvidia-smi"
    return (
        f"{_build()} is built with CUDA, and without it for its DNN module or for this device; "
        "docs/cuda.md names the flags (OPENCV_DNN_CUDA, CUDA_ARCH_BIN)"
    )


def _build() -> str:
    found = ", ".join(filter(None, map(_distribution, _DISTRIBUTIONS)))
    return f"this OpenCV ({cv2.__version__}, from {found or 'no wheel of PyPI'})"


def _distribution(name: str) -> str | None:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return None
