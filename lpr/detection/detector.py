"""Pictures -> detections: letterbox, run the network, decode the YOLO heads, suppress."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np

from lpr import kernels
from lpr.detection.heads import Head, decode_head
from lpr.detection.threshold_sweep import Sweep
from lpr.errors import PluginError, wrap_plugin_errors
from lpr.protocols import DetectorNetwork
from lpr.specs import DetectorSpec
from lpr.types import Box, Detection, Float32, Image
from lpr.utils.bounded import batch_timeout, call_bounded, is_stuck, is_third_party
from lpr.utils.closing import Closeable
from lpr.utils.timing import stage

MAX_BATCH = 16
"""Pictures of one forward pass: larger batches need more memory and are no faster."""

MAX_ASPECT = 4.0
"""Width over height of an input, or the inverse: more elongated pictures are padded."""


class PlateDetector(Protocol):
    """The part of a detector that a :class:`lpr.reader.Reader` uses: a :class:`Detector`, possibly
    in a :class:`lpr.detection.tiling.TiledDetector`."""

    @property
    def name(self) -> str: ...
    @property
    def threshold(self) -> float | Sweep: ...
    def find(
        self, images: Sequence[Image], threshold: float | Sweep | None = None
    ) -> list[list[Detection]]: ...
    def input_scale(self, width: int, height: int) -> tuple[float, float]: ...
    def close(self) -> None: ...


class Detector(Closeable):
    """Finds plates with a Darknet network.

    ``size`` is the input's (width, height) in pixels, ``threshold`` the minimum score of a
    detection, or a sweep; both default to the spec's. With the spec's ``resize = "fit"`` the input
    size depends on the picture, in multiples of ``stride`` (:func:`fitted`).
    """

    def __init__(
        self,
        network: DetectorNetwork,
        heads: Sequence[Head],
        spec: DetectorSpec,
        size: tuple[int, int] | None = None,
        threshold: float | Sweep | None = None,
        stride: int = 32,
        name: str = "",
    ) -> None:
        """``name`` is for messages; by default the class of ``network``."""
        self.network = network
        self.name = name or type(network).__name__
        self.heads = tuple(heads)
        self.spec = spec
        self.width, self.height = size or (spec.width, spec.height)
        self.threshold: float | Sweep = spec.threshold if threshold is None else threshold
        self.stride = stride

    def find(
        self, images: Sequence[Image], threshold: float | Sweep | None = None
    ) -> list[list[Detection]]:
        """The plates of each picture, the most confident first; boxes are clipped to the picture.

        ``threshold`` (0..1) overrides the detector's own for this call. Raises
        :class:`PluginError` if the network's output does not match its cfg.
        """
        found: list[list[Detection]] = [[] for _ in images]
        threshold = self.threshold if threshold is None else threshold
        sizes = [self.input_size(image.shape[1], image.shape[0]) for image in images]
        for size in dict.fromkeys(sizes):
            alike = [index for index, other in enumerate(sizes) if other == size]
            for start in range(0, len(alike), MAX_BATCH):
                batch = alike[start : start + MAX_BATCH]
                detections = self._find_batch([images[index] for index in batch], size, threshold)
                for index, plates in zip(batch, detections, strict=True):
                    found[index] = plates
        return found

    def input_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the input for a picture of ``width x height``."""
        if self.spec.resize != "fit":
            return self.width, self.height
        return fitted(width, height, self.width * self.height, self.stride)

    def input_scale(self, width: int, height: int) -> tuple[float, float]:
        """Input pixels for each pixel of a picture of ``width x height``, across and down."""
        columns, rows = self.input_size(width, height)
        across, down = columns / width, rows / height
        if self.spec.resize == "stretch":
            return across, down
        return min(across, down), min(across, down)

    def _find_batch(
        self, images: Sequence[Image], size: tuple[int, int], threshold: float | Sweep
    ) -> list[list[Detection]]:
        width, height = size
        batch = np.empty((len(images), 3, height, width), np.float32)
        with stage("letterbox"):
            placements = [
                kernels.letterbox(
                    image,
                    width,
                    height,
                    resize="stretch" if self.spec.resize == "stretch" else "letterbox",
                    channels=self.spec.channels,
                    out=batch[index],
                )[1]
                for index, image in enumerate(images)
            ]
        with stage("detector"), wrap_plugin_errors(f"detector {self.name}"):
            outputs = self._forward(batch)
            self._check(outputs, len(images), size)
        with stage("heads"):
            return [
                self._detections(
                    [output[index] for output in outputs], size, placement, image, threshold
                )
                for index, (placement, image) in enumerate(zip(placements, images, strict=True))
            ]

    def _forward(self, batch: Float32) -> list[Float32]:
        if not is_third_party(self.network):
            return self.network.forward(batch)
        return call_bounded(
            f"detector {self.name}",
            batch_timeout(len(batch)),
            partial(self.network.forward, batch),
            self.network,
        )

    def _check(self, outputs: Sequence[Float32], count: int, size: tuple[int, int]) -> None:
        """Raise :class:`PluginError` for heads of another shape, or with values that are NaN."""
        expected = [(count, head.channels) for head in self.heads]
        given = [tuple(output.shape[:2]) if output.ndim == 4 else None for output in outputs]
        if given != expected or not all(map(_covers, outputs, self.heads, [size] * len(given))):
            strides = [head.stride for head in self.heads]
            raise PluginError(
                f"{self.name} gave heads of shapes {[output.shape for output in outputs]}; its cfg "
                f"requires (N, channels) = {expected} and two axes of cells, each of {strides} "
                f"pixels of the {size[0]}x{size[1]} input"
            )
        if any(np.isnan(output).any() for output in outputs):
            raise PluginError(
                f"{self.name} gave heads with values that are no numbers (NaN); check the weights, "
                "or use single precision"
            )

    def _detections(
        self,
        outputs: Sequence[Float32],
        size: tuple[int, int],
        placement: kernels.Placement,
        image: Image,
        threshold: float | Sweep,
    ) -> list[Detection]:
        minimum = threshold.stop if isinstance(threshold, Sweep) else threshold
        decoded = [
            decode_head(output, head, *size, minimum)
            for output, head in zip(outputs, self.heads, strict=True)
        ]
        boxes = np.concatenate([boxes for boxes, _ in decoded])
        scores = np.concatenate([scores for _, scores in decoded])
        boxes[:, 0::2] = (boxes[:, 0::2] - placement.offset_x) / placement.scale_x
        boxes[:, 1::2] = (boxes[:, 1::2] - placement.offset_y) / placement.scale_y
        height, width = image.shape[:2]
        np.clip(boxes[:, 0::2], 0, width, out=boxes[:, 0::2])
        np.clip(boxes[:, 1::2], 0, height, out=boxes[:, 1::2])
        detections = []
        for index in kernels.nms(boxes, scores, self.spec.nms):
            box = Box(*(float(value) for value in boxes[index]))
            if box.area > 0:
                detections.append(Detection(box, box.quad, float(scores[index])))
        return threshold.keep(detections) if isinstance(threshold, Sweep) else detections

    def close(self) -> None:
        if not is_stuck(self.network):
            self.network.close()


def _covers(output: Float32, head: Head, size: tuple[int, int]) -> bool:
    """Whether the cells cover the input, up to one cell if its sides are no multiples of them."""
    if not head.stride:
        return True
    cells = zip(size, (output.shape[3], output.shape[2]), strict=True)
    return all(abs(length / head.stride - count) < 1 for length, count in cells)


def fitted(width: int, height: int, pixels: float, stride: int) -> tuple[int, int]:
    """The input size for a picture of ``width x height``, in multiples of ``stride``.

    Of the sizes with at most ``pixels``, the one that shows the picture largest, and the smallest
    of equals. It does not exceed the picture (rounded up to ``stride``), since upscaling adds no
    detail, and its proportions stay within 1:4 and 4:1.
    """
    aspect = min(max(width / height, 1 / MAX_ASPECT), MAX_ASPECT)
    max_cells = max(int(pixels / stride**2), 1)
    best, chosen = 0.0, (1, 1)
    for rows in range(1, min(max_cells, -(-height // stride)) + 1):
        columns = max(min(max_cells // rows, -(-width // stride), math.ceil(rows * aspect)), 1)
        shown = min(columns / aspect, rows)
        if shown > best + 1e-9:
            best, chosen = shown, (columns, rows)
    return chosen[0] * stride, chosen[1] * stride
