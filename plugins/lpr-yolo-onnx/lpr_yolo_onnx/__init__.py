"""Plate detectors for lpr from ONNX files: YOLOv5 to YOLO26 and RT-DETR, as Ultralytics exports
them.

``lpr detect --detector yolo-onnx:best.onnx`` uses one; in a program, ``lpr.load(detector=...)``
also takes a :class:`YoloOnnx`.
"""

from __future__ import annotations

from pathlib import Path

from lpr import hookimpl
from lpr.protocols import DetectorFactory
from lpr.runtimes.onnx_networks import import_problem
from lpr_yolo_onnx.detector import YoloOnnx
from lpr_yolo_onnx.session import cuda_problem

__all__ = ["YoloOnnx"]

lpr_interface = 1


class YoloOnnxFactory:
    """Opens ``FILE.onnx`` or ``FILE.onnx@CLASS,CLASS`` on ``device``; ``number`` is the index of a
    CUDA device."""

    argument = "an ONNX file"

    def __init__(self, device: str = "cpu", number: int | None = None) -> None:
        self.device = device
        self.name = "yolo-onnx" if device == "cpu" else f"yolo-onnx-{device}"
        self.number = 0 if device == "cuda" and number is None else number

    def problem(self) -> str | None:
        return import_problem("onnxruntime") or (cuda_problem() if self.device == "cuda" else None)

    def on(self, number: int) -> YoloOnnxFactory:
        """This factory on the CUDA device ``number``, for ``--device``."""
        return YoloOnnxFactory(self.device, number)

    def open(self, argument: str, threads: int) -> YoloOnnx:
        file, at, classes = argument.rpartition("@")
        if not at or Path(argument).is_file():
            file, classes = argument, ""
        return YoloOnnx(file, classes.split(",") if classes else (), threads, self.number)


@hookimpl
def lpr_detectors() -> list[DetectorFactory]:
    return [YoloOnnxFactory("cpu"), YoloOnnxFactory("cuda")]
