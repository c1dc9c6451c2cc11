"""Small pictures and stand-ins that several tests share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lpr.specs import CtcSpec, DetectorSpec
from lpr.types import Crop, Float32, Image, Reading

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CTC_SPEC = CtcSpec(alphabet=ALPHABET, blank=36, width=64, height=32)
DETECTOR_SPEC = DetectorSpec(
    width=64, height=64, resize="letterbox", channels="rgb", threshold=0.5, nms=0.45
)


def grey(height: int, width: int, value: int = 128) -> Image:
    return np.full((height, width, 3), value, np.uint8)


def logits_of(path: str, spec: CtcSpec = CTC_SPEC, certainty: float = 12.0) -> Float32:
    """``1 x T x C`` logits whose best path is ``path``; ``_`` stands for the blank."""
    classes = [spec.blank if c == "_" else spec.encode(c)[0] for c in path]
    logits = np.zeros((1, len(path), spec.classes), np.float32)
    logits[0, range(len(path)), classes] = certainty
    return logits


class FixedNetwork:
    """A detector network that gives the same heads for every picture."""

    def __init__(self, *heads: Float32) -> None:
        self.heads = heads
        self.batches: list[Float32] = []
        self.closed = False

    def forward(self, batch: Float32) -> list[Float32]:
        self.batches.append(batch)
        return [np.repeat(head[None], len(batch), axis=0) for head in self.heads]

    def close(self) -> None:
        self.closed = True


class FixedText:
    """A recognizer that reads the same text everywhere."""

    def __init__(self, text: str = "ABC1234", confidence: float = 0.9) -> None:
        self.reading = Reading(text, confidence)
        self.closed = False

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [self.reading for _ in crops]

    def close(self) -> None:
        self.closed = True


class FixedLogits:
    """A CTC network that gives the logits of one path for every crop."""

    def __init__(self, path: str, spec: CtcSpec = CTC_SPEC) -> None:
        self.path, self.spec = path, spec
        self.batches: list[Float32] = []

    def logits(self, batch: Float32) -> Float32:
        self.batches.append(batch)
        return np.repeat(logits_of(self.path, self.spec), len(batch), axis=0)

    def close(self) -> None: ...


def head_with(
    *cells: tuple[int, int, tuple[float, ...]], rows: int = 4, columns: int = 4, classes: int = 1
) -> Float32:
    """A one-anchor head, empty but for (row, column, raw values) in ``cells``."""
    head = np.zeros((5 + classes, rows, columns), np.float32)
    head[4:] = -20
    for row, column, values in cells:
        head[:, row, column] = values
    return head
