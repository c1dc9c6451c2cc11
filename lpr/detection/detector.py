"""Pictures -> detections: letterbox, run the network, decode the YOLO heads, suppress.

Pictures with signs of a plate that nearly fills them are run twice
(:mod:`lpr.detection.close_ups`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from lpr import kernels
from lpr.detection.close_ups import (
    MIN_SCORE,
    REDUCED_SHARE,
    calls_for_second_run,
    large_side,
    with_large_plates,
)
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

_PAD = 0.5  # Grey, as the letterbox's


class DetectionStage(Protocol):
    """The first stage as a :class:`lpr.reader.Reader` uses it: a :class:`Detector` or a
    :class:`lpr.detection.plugged_detector.PluggedDetector`, possibly in a
    :class:`lpr.detection.tiling.TiledDetector`."""

    @property
    def name(self) -> str: ...
    @property
    def threshold(self) -> float | Sweep: ...
    def find(
        self, images: Sequence[Image], threshold: float | Sweep | None = None
    ) -> list[list[Detection]]: ...
    def input_scale(self, width: int, height: int) -> tuple[float, float] | None: ...
    def close(self) -> None: ...


class _Found(NamedTuple):
    """A picture's detections, and whether a raw box is too large for the network."""

    detections: list[Detection]
    large: bool


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
        close_ups: bool = True,
    ) -> None:
        """``name`` is for messages; by default the class of ``network``. Without ``close_ups``, the
        network runs once for each picture (:mod:`lpr.detection.close_ups`)."""
        self.network = network
        self.name = name or type(network).__name__
        self.heads = tuple(heads)
        self.spec = spec
        self.width, self.height = size or (spec.width, spec.height)
        self.threshold: float | Sweep = spec.threshold if threshold is None else threshold
        self.stride = stride
        self.close_ups = close_ups

    def find(
        self, images: Sequence[Image], threshold: float | Sweep | None = None
    ) -> list[list[Detection]]:
        """The plates of each picture, the most confident first; boxes are clipped to the picture.

        ``threshold`` (0..1) overrides the detector's own for this call. Raises
        :class:`PluginError` if the network's output does not match its cfg.
        """
        threshold = self.threshold if threshold is None else threshold
        minimum = threshold.stop if isinstance(threshold, Sweep) else threshold
        found = self._run(images, [self.input_size(*i.shape[1::-1]) for i in images], minimum)
        detections = [each.detections for each in found]
        if isinstance(threshold, Sweep):
            detections = [threshold.keep(each) for each in detections]
        close = [index for index, each in enumerate(found) if each.large and self.close_ups]
        pictures = [images[index] for index in close]
        again = self._run(
            pictures, [self._reduced_size(*i.shape[1::-1]) for i in pictures], minimum
        )
        for index, image, second in zip(close, pictures, again, strict=True):
            scales = self.input_scale(*image.shape[1::-1])
            large = large_side(self.spec, self.input_size(*image.shape[1::-1]))
            detections[index] = with_large_plates(
                found[index].detections,
                second.detections,
                threshold,
                large / scales[0],
                large / scales[1],
                self.spec.nms,
            )
        return detections

    def _run(
        self, images: Sequence[Image], sizes: Sequence[tuple[int, int]], minimum: float
    ) -> list[_Found]:
        """Run the network on each picture at its size of ``sizes``, in batches of one size."""
        found: list[_Found] = [_Found([], False)] * len(images)
        for size in dict.fromkeys(sizes):
            alike = [index for index, other in enumerate(sizes) if other == size]
            for start in range(0, len(alike), MAX_BATCH):
                batch = alike[start : start + MAX_BATCH]
                results = self._find_batch([images[index] for index in batch], size, minimum)
                for index, result in zip(batch, results, strict=True):
                    found[index] = result
        return found

    def _reduced_size(self, width: int, height: int) -> tuple[int, int]:
        """The size of a picture of ``width x height`` in the input of the second run."""
        if self.spec.resize != "fit":
            return round(self.width * REDUCED_SHARE), round(self.height * REDUCED_SHARE)
        # The network's own size, whatever the chosen input: it is what the network was trained on.
        pixels = self.spec.width * self.spec.height * REDUCED_SHARE**2
        enlarged = math.ceil(math.sqrt(pixels) / min(width, height))  # a small picture grows
        return fitted(width * enlarged, height * enlarged, pixels, self.stride)

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
        self, images: Sequence[Image], size: tuple[int, int], minimum: float
    ) -> list[_Found]:
        """Run the network on pictures that fill ``size`` of its input.

        A network with an input of fixed size gets that one, padded to the right and below.
        """
        width, height = size
        fixed = self.spec.resize != "fit" and size != (self.width, self.height)
        whole = (self.width, self.height) if fixed else size
        batch = np.empty((len(images), 3, whole[1], whole[0]), np.float32)
        with stage("letterbox"):
            placed = [
                kernels.letterbox(
                    image,
                    width,
                    height,
                    resize="stretch" if self.spec.resize == "stretch" else "letterbox",
                    channels=self.spec.channels,
                    out=None if fixed else batch[index],
                )
                for index, image in enumerate(images)
            ]
            if fixed:
                batch.fill(_PAD)
                batch[:, :, :height, :width] = [pixels for pixels, _ in placed]
        with stage("detector"), wrap_plugin_errors(f"detector {self.name}"):
            outputs = self._forward(batch)
            self._check(outputs, len(images), whole)
        with stage("heads"):
            return [
                self._detections(
                    [output[index] for output in outputs], whole, placement, image, minimum
                )
                for index, ((_, placement), image) in enumerate(zip(placed, images, strict=True))
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
        minimum: float,
    ) -> _Found:
        decoded = [
            decode_head(output, head, *size, min(minimum, MIN_SCORE))
            for output, head in zip(outputs, self.heads, strict=True)
        ]
        boxes = np.concatenate([boxes for boxes, _ in decoded])
        scores = np.concatenate([scores for _, scores in decoded])
        large = calls_for_second_run(boxes, scores, large_side(self.spec, size))
        boxes, scores = boxes[scores > minimum], scores[scores > minimum]
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
        return _Found(detections, large)

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
