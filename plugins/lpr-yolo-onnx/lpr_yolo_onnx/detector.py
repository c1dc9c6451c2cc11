"""The detector: letterbox as Ultralytics does it, run, decode, suppress."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lpr import Box, Detection, Image, kernels
from lpr.errors import ModelError, PluginError
from lpr.types import Float32, Quad
from lpr.utils.closing import Closeable
from lpr_yolo_onnx.layouts import Found, decode, in_reading_order, layout_of
from lpr_yolo_onnx.metadata import Metadata
from lpr_yolo_onnx.session import Session

PAD = 114 / 255
"""The grey of the letterbox's margin."""


class YoloOnnx(Closeable):
    """Finds plates with an ONNX file (:class:`lpr.protocols.PlateDetector`).

    ``classes`` are the names or numbers of those that are plates; by default all whose name says
    so, or the only one. ``threads`` 0 leaves their number to ONNX Runtime, ``cuda`` is the number
    of a CUDA device. Raises :class:`lpr.ModelError` for a file that it cannot run.
    """

    name = "yolo-onnx"
    threshold = 0.25
    """Ultralytics' default. Files with NMS inside drop weaker boxes themselves."""
    nms = 0.45
    """Plates do not overlap, so any value around it will do."""

    def __init__(
        self,
        file: str | os.PathLike[str],
        classes: Sequence[str] = (),
        threads: int = 0,
        cuda: int | None = None,
    ) -> None:
        self.device = "cpu" if cuda is None else "cuda"
        self._session = Session(Path(file), threads, cuda)
        self.metadata = Metadata.of(self._session.metadata)
        self.input_size = (
            self._session.width or self.metadata.width,
            self._session.height or self.metadata.height,
        )
        self._fits = self._session.width is None and self._session.height is None
        width, height = self.input_size
        output = self._session.run(np.full((1, 3, height, width), PAD, np.float32))
        layout = layout_of(output.shape[1:], self.metadata)
        if layout is None:
            raise ModelError(
                f"{file}: gives {' x '.join(map(str, output.shape))} values, which is no layout of "
                f"YOLO or RT-DETR with its {len(self.metadata.names)} class names; see the "
                "README of lpr-yolo-onnx"
            )
        self.layout = layout
        self.classes = self.metadata.classes(classes, layout.classes, file)
        if layout.classes is not None and max(self.classes) >= layout.classes:
            raise ModelError(f"{file}: has {layout.classes} classes, no number {max(self.classes)}")

    def find(self, images: Sequence[Image]) -> list[list[Detection]]:
        """The plates of each picture, down to a score of 0.01, the most confident first."""
        sizes = [self._size_for(*image.shape[1::-1]) for image in images]
        found: list[list[Detection]] = [[] for _ in images]
        for size in dict.fromkeys(sizes):
            alike = [index for index, other in enumerate(sizes) if other == size]
            for index, each in zip(
                alike, self._find([images[index] for index in alike], size), strict=True
            ):
                found[index] = each
        return found

    def _size_for(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the input for a picture: if the file leaves them open, that of the
        scaled picture, with a margin up to the next multiple of the stride."""
        across, down = self.input_size
        if not self._fits or self.layout.kind == "rtdetr":
            return across, down
        scale, stride = min(across / width, down / height), self.metadata.stride
        sides = max(round(width * scale), 1), max(round(height * scale), 1)
        return sides[0] + (across - sides[0]) % stride, sides[1] + (down - sides[1]) % stride

    def _find(self, images: Sequence[Image], size: tuple[int, int]) -> list[list[Detection]]:
        batch = np.empty((len(images), 3, size[1], size[0]), np.float32)
        stretch = self.layout.kind == "rtdetr"
        placed = [input_of(i, stretch, out) for i, out in zip(images, batch, strict=True)]
        outputs = self._session.run(batch)
        if np.isnan(outputs).any():
            raise PluginError(
                f"{self._session.file} gave values that are no numbers (NaN); export it in single "
                "precision"
            )
        return [
            self._detections(output, size, placement)
            for output, placement in zip(outputs, placed, strict=True)
        ]

    def _detections(
        self, output: Float32, size: tuple[int, int], placement: kernels.Placement
    ) -> list[Detection]:
        found = decode(output, self.layout, self.metadata, self.classes, size)
        offset = np.asarray([placement.offset_x, placement.offset_y], np.float32)
        scale = np.asarray([placement.scale_x, placement.scale_y], np.float32)
        boxes = ((found.boxes.reshape(-1, 2, 2) - offset) / scale).reshape(-1, 4)
        corners = None if found.corners is None else (found.corners - offset) / scale
        found = Found(boxes, found.scores, corners)
        return [_detection(found, index) for index in kernels.nms(boxes, found.scores, self.nms)]

    def close(self) -> None:
        self._session.close()


def input_of(image: Image, stretch: bool, out: Float32) -> kernels.Placement:
    """Fill ``out`` (``3 x H x W``, RGB, 0..1) with a picture as Ultralytics does: scaled by linear
    interpolation, centred on grey. RT-DETR's inputs are stretched instead."""
    return kernels.letterbox(
        image,
        *out.shape[:0:-1],
        resize="stretch" if stretch else "letterbox",
        interpolation="linear",
        pad=PAD,
        out=out,
    )[1]


def _detection(found: Found, index: int) -> Detection:
    x0, y0, x1, y1 = map(float, found.boxes[index])
    box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    quad = None if found.corners is None else _quad(found.corners[index], box)
    return Detection(box, quad or box.quad, float(found.scores[index]))


def _quad(corners: Float32, box: Box) -> Quad | None:
    """The corners in reading order; None if they cannot be those of the plate in ``box``."""
    ordered = in_reading_order(corners)
    around = box.grown(0.5)
    if ordered is None or not all(around.contains((float(x), float(y))) for x, y in ordered):
        return None
    a, b, c, d = ((float(x), float(y)) for x, y in ordered)
    return a, b, c, d
