"""The plain recognizer: a stack of 3 x 3 convolutions over grey crops, as ``tw-light`` has one."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """The network: channels of its 3 x 3 convolutions and of the layers after them."""

    channels: tuple[int, ...] = (16, 32, 64, 64, 96, 96, 128, 128)
    strides: tuple[tuple[int, int], ...] = (
        (2, 2), (1, 1), (2, 2), (1, 1), (2, 1), (1, 1), (2, 1), (1, 1),
    )  # fmt: skip
    context: int = 5
    dropout: float = 0.1


class CtcNet(nn.Module):
    """Grey crops ``N x 1 x height x width`` to CTC logits ``N x T x C``; T = width / 4."""

    def __init__(self, shape: Shape, height: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for channels, stride in zip(shape.channels, shape.strides, strict=True):
            layers += _convolution(before, channels, (3, 3), stride, (1, 1))
            before = channels
            height = -(-height // stride[0])
        layers += _convolution(before, before, (height, 1), (1, 1), (0, 0))
        reach = (0, shape.context // 2)
        layers += _convolution(before, before, (1, shape.context), (1, 1), reach)
        layers += [nn.Dropout(shape.dropout), nn.Conv2d(before, classes, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        # Not squeeze(): OpenCV's ONNX importer gets its shape wrong in what follows.
        out: Tensor = self.layers(x)[:, :, 0].transpose(1, 2)
        return out


def _convolution(
    before: int, after: int, size: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int]
) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, size, stride, pad, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return [convolution, nn.BatchNorm2d(after, momentum=0.03), nn.ReLU(inplace=True)]
