"""The plain recognizer: a stack of 3 x 3 convolutions over crops, as in ``tw-light``."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


def time_steps(line: Tensor) -> Tensor:
    """``N x C x 1 x T`` as ``N x T x C``.

    Exported as a transposition and a reshape: OpenCV's CUDA backend has no Gather, and its importer
    infers a wrong shape for batches from Squeeze.
    """
    classes, steps = int(line.shape[1]), int(line.shape[3])
    return line.permute(0, 2, 3, 1).reshape(-1, steps, classes)


@dataclass(frozen=True, slots=True)
class Shape:
    """The network: channels of its 3 x 3 convolutions and of the layers after them.

    ``rows`` 2 reads an upper and a lower row of features, one after the other, so that plates of
    two lines are read as they are. ``summary`` is the width of the layer that gives the summary in
    front of the time steps (:mod:`lpr.specs.plate_attributes`), 0 for none.
    """

    channels: tuple[int, ...] = (16, 32, 64, 64, 96, 96, 128, 128)
    strides: tuple[tuple[int, int], ...] = (
        (2, 2), (1, 1), (2, 2), (1, 1), (2, 1), (1, 1), (2, 1), (1, 1),
    )  # fmt: skip
    context: int = 5
    dropout: float = 0.1
    rows: int = 1
    summary: int = 0


class CtcNet(nn.Module):
    """Crops ``N x planes x height x width`` to CTC logits ``N x T x C``.

    T is ``rows * width / 4``, and one more with a summary.
    """

    def __init__(self, shape: Shape, size: tuple[int, int], planes: int, classes: int) -> None:
        """``size`` is the crops' (width, height) in pixels."""
        super().__init__()
        width, height = size
        layers: list[nn.Module] = []
        before = planes
        for channels, (down, across) in zip(shape.channels, shape.strides, strict=True):
            layers += _convolution(before, channels, (3, 3), (down, across), (1, 1))
            before = channels
            height, width = -(-height // down), -(-width // across)
        self.trunk = len(layers)
        if height % shape.rows:
            raise ValueError(f"{height} rows of features cannot be divided into {shape.rows} lines")
        line = height // shape.rows
        layers += _convolution(before, before, (line, 1), (line, 1), (0, 0))
        reach = (0, shape.context // 2)
        layers += _convolution(before, before, (1, shape.context), (1, 1), reach)
        layers += [nn.Dropout(shape.dropout), nn.Conv2d(before, classes, 1)]
        self.layers = nn.Sequential(*layers)
        self.rows = shape.rows
        self.summary: nn.Sequential | None = None
        if shape.summary:
            # Few channels of the full map instead of their means: corners need positions.
            self.summary = nn.Sequential(
                *_convolution(before, 16, (1, 1), (1, 1), (0, 0)),
                *_convolution(16, shape.summary, (height, width), (1, 1), (0, 0)),
                nn.Conv2d(shape.summary, classes, 1),
            )

    def forward(self, x: Tensor) -> Tensor:
        features = self.layers[: self.trunk](x)
        out: Tensor = self.layers[self.trunk :](features)
        parts = [out[:, :, row : row + 1] for row in range(self.rows)]
        if self.summary is not None:
            parts.insert(0, self.summary(features))
        line = torch.cat(parts, 3) if len(parts) > 1 else out
        return time_steps(line)


def _convolution(
    before: int, after: int, size: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int]
) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, size, stride, pad, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return [convolution, nn.BatchNorm2d(after, momentum=0.03), nn.ReLU(inplace=True)]
