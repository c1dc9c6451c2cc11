"""The built-in runtimes: OpenCV's DNN module on the CPU and on CUDA."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from lpr.errors import BackendError, ModelError
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.opencv_build import driver_problem, driver_version, this_build
from lpr.runtimes.opencv_cuda_layers import cpu_layers, layer_types
from lpr.runtimes.opencv_detector import OpenCvDetector
from lpr.runtimes.opencv_recognizer import OpenCvRecognizer
from lpr.runtimes.opencv_target import CPU, Target
from lpr.specs import DetectorModel, RecognizerModel
from lpr.utils.files import read_model_file
from lpr.utils.opencv import installed_opencv


def detector_runtimes() -> list[DetectorRuntime]:
    return [OpenCvDetectorRuntime(*target) for target in _TARGETS]


def recognizer_runtimes() -> list[RecognizerRuntime]:
    return [OpenCvRecognizerRuntime(*target) for target in _TARGETS]


# Half precision is less exact, so its priority is too low for auto to choose it.
_TARGETS = (("opencv", "cpu", 10), ("cuda", "cuda", 10), ("cuda-fp16", "cuda", 5, "float16"))


_T = TypeVar("_T", bound="_Runtime")


@dataclass(slots=True)
class _Runtime:
    """OpenCV's DNN module on a device; ``number`` is the index of a CUDA device, None on the CPU.

    ``threads`` other than 0 applies to all of OpenCV in the process (``cv2.setNumThreads``).
    """

    name: str
    device: str
    priority: int
    precision: str = "float32"
    number: int | None = None

    def __post_init__(self) -> None:
        if self.device == "cuda" and self.number is None:
            self.number = 0

    def problem(self) -> str | None:
        if self.number is None:
            return None
        return _cuda_problem(self.target().target, self.number)

    def unsuited(self, model: DetectorModel | RecognizerModel) -> str | None:
        """See :mod:`lpr.runtimes.traits`: on CUDA, what would run on the CPU for the most part."""
        if self.number is None:
            return None
        if model.precision == "int8":
            return "OpenCV has no CUDA for 8-bit layers"
        if isinstance(model, RecognizerModel) and (layers := _recurrent_layers(model.file)):
            return f"OpenCV would run its {layers} layers on the CPU"
        return None

    def on(self: _T, number: int) -> _T:
        """Return this runtime on the CUDA device ``number``; see :mod:`lpr.runtimes.traits`."""
        count = cv2.cuda.getCudaEnabledDeviceCount()
        if number >= count:
            raise BackendError(
                f"there is no CUDA device {number}: OpenCV finds {count}, counted from 0; "
                "nvidia-smi lists them"
            )
        return replace(self, number=number)

    def target(self) -> Target:
        """The DNN backend and target of this runtime."""
        if self.number is None:
            return CPU
        half = self.precision == "float16"
        target = cv2.dnn.DNN_TARGET_CUDA_FP16 if half else cv2.dnn.DNN_TARGET_CUDA
        return Target(cv2.dnn.DNN_BACKEND_CUDA, target, self.number)


@dataclass(slots=True)
class OpenCvDetectorRuntime(_Runtime):
    """Runs detectors from Darknet and ONNX files."""

    formats: frozenset[str] = frozenset({"darknet", "onnx"})

    def open(self, model: DetectorModel, threads: int) -> OpenCvDetector:
        _set_threads(threads)
        return OpenCvDetector(model, self.target())


@dataclass(slots=True)
class OpenCvRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from ONNX files."""

    formats: frozenset[str] = frozenset({"onnx"})

    def open(self, model: RecognizerModel, threads: int) -> OpenCvRecognizer:
        _set_threads(threads)
        return OpenCvRecognizer(model, self.target())


def _set_threads(threads: int) -> None:
    if threads > 0:
        cv2.setNumThreads(threads)


@cache
def _recurrent_layers(file: Path) -> str:
    """The recurrent layer types of an ONNX file that have no CUDA."""
    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(read_model_file(file), np.uint8))
    except (cv2.error, ModelError):
        return ""  # opening it says what is wrong
    return ", ".join(sorted({"GRU", "LSTM", "RNN"} & set(cpu_layers(layer_types(net)))))


@cache
def _cuda_problem(target: int, number: int) -> str | None:
    """Checked beforehand: OpenCV falls back to the CPU, or fails an assertion at the first run."""
    if int(cv2.__version__.split(".")[0]) >= 5:
        return (
            f"{_build()} runs networks on the CPU only, since OpenCV 5 has no CUDA for them; "
            "docs/cuda.md says how to build OpenCV 4 with CUDA"
        )
    try:
        if cv2.cuda.getCudaEnabledDeviceCount() > number:
            cv2.cuda.setDevice(number)  # OpenCV looks at the current device
        if target in cv2.dnn.getAvailableTargets(cv2.dnn.DNN_BACKEND_CUDA):
            return None
        devices = cv2.cuda.getCudaEnabledDeviceCount()
    except cv2.error as error:
        return f"{_build()} fails to look for CUDA devices ({error.err}); see nvidia-smi"
    build = this_build()
    if build.cuda is None:
        return (
            f"{_build()} is built without CUDA, as PyPI's wheels are; docs/cuda.md says how to "
            "build it with CUDA"
        )
    if devices < 1:
        why = driver_problem(build.cuda, driver_version()) or "see nvidia-smi"
        return f"{_build()} is built with CUDA {build.cuda} but finds no CUDA device; {why}"
    return (
        f"{_build()} is built with CUDA, but not for its DNN module, this device or "
        "this precision; docs/cuda.md names the flags (OPENCV_DNN_CUDA, CUDA_ARCH_BIN)"
    )


def _build() -> str:
    wheels = ", ".join(installed_opencv())
    return f"this OpenCV ({cv2.__version__}, from {wheels or 'no wheel of PyPI'})"
