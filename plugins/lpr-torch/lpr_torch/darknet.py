"""A PyTorch network built from a Darknet cfg, and saved as Darknet weights.

It computes the same as Darknet and OpenCV's importer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import (
    BATCH_NORM_EPSILON,
    HEADS,
    LEAKY_SLOPE,
    PICTURE,
    AvgPool,
    Convolutional,
    Dropout,
    Layer,
    MaxPool,
    Reorg,
    Route,
    Sam,
    ScaleChannels,
    Shortcut,
    Upsample,
)
from lpr.darknet.weights import BatchNorm, Convolution, Weights
from lpr.types import Float32
from lpr_torch.activations import ACTIVATIONS, Function

OBJECTNESS_PRIOR = -4.6
"""The logit of 1 %: the objectness of an untrained head, since few cells hold a plate."""

# Darknet keeps 0.99 of the running average; PyTorch's momentum is the new value's share.
BATCH_NORM_MOMENTUM = 0.01


class DarknetNet(nn.Module):
    """The network that ``cfg`` describes, with random weights.

    Convolutions are drawn as He et al. 2015 propose for the slope of their activation; the
    objectness biases of the detection heads start at :data:`OBJECTNESS_PRIOR`.
    ``seen`` is the number of pictures seen in training, as the weights file keeps it.
    """

    def __init__(self, cfg: Cfg) -> None:
        super().__init__()
        self.cfg = cfg
        self.seen = 0
        self.layers = nn.ModuleList(_module(layer) for layer in cfg.layers)
        self._last_use = _last_uses(cfg.layers)
        self._initialize()

    def forward(self, x: Tensor) -> list[Tensor]:
        """The raw heads of ``x`` (``N x 3 x H x W``): the inputs of each ``[yolo]``, in order.

        Each is ``N x A*(5+C) x h x w``, without any sigmoid.
        """
        outputs: dict[int, Tensor] = {PICTURE: x}
        heads: list[Tensor] = []
        for layer, module in zip(self.cfg.layers, self.layers, strict=True):
            inputs = [outputs[i] for i in layer.inputs]
            if isinstance(layer, HEADS):
                heads.append(inputs[0])
            else:
                outputs[layer.index] = module(*inputs)
            for index in layer.inputs:
                if self._last_use[index] == layer.index:
                    outputs.pop(index, None)
        return heads

    def load(self, weights: Weights) -> None:
        """Load Darknet weights of the same cfg."""
        with torch.no_grad():
            for block, numbers in zip(self._blocks(), weights.convolutions, strict=True):
                block.load(numbers)
        self.seen = weights.seen

    def weights(self) -> Weights:
        """The weights, as in a ``.weights`` file."""
        return Weights(tuple(block.numbers() for block in self._blocks()), self.seen)

    def save(self, path: Path, seen: int | None = None) -> None:
        """Write a ``.weights`` file; ``seen`` counts the pictures seen in training."""
        self.seen = self.seen if seen is None else seen
        self.weights().save(path)

    def _blocks(self) -> list[ConvolutionBlock]:
        return [module for module in self.layers if isinstance(module, ConvolutionBlock)]

    def _initialize(self) -> None:
        for block in self._blocks():
            block.initialize()
        for head in self.cfg.heads:
            before = self.layers[head.inputs[0]]
            if isinstance(before, ConvolutionBlock) and before.convolution.bias is not None:
                biases = before.convolution.bias.view(len(head.anchors), 5 + head.classes)
                nn.init.constant_(biases[:, 4], OBJECTNESS_PRIOR)


class ConvolutionBlock(nn.Module):
    """``[convolutional]``: convolution, batch normalization unless it has a bias, activation."""

    def __init__(self, layer: Convolutional) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.size,
            layer.stride,
            layer.padding * layer.dilation,
            layer.dilation,
            layer.groups,
            bias=not layer.batch_normalize,
        )
        self.norm = (
            nn.BatchNorm2d(layer.out_channels, BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM)
            if layer.batch_normalize
            else None
        )
        self.activation = ACTIVATIONS[layer.activation]()
        self._slope = {"leaky": LEAKY_SLOPE, "linear": 1.0}.get(layer.activation, 0.0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        if self.norm is not None:
            x = self.norm(x)
        out: Tensor = self.activation(x)
        return out

    def initialize(self) -> None:
        nn.init.kaiming_normal_(self.convolution.weight, self._slope, "fan_in", "leaky_relu")
        if self.convolution.bias is not None:
            nn.init.zeros_(self.convolution.bias)

    def load(self, numbers: Convolution) -> None:
        _copy(numbers.weights, self.convolution.weight)
        if self.norm is None:
            _copy(numbers.biases, self.convolution.bias)
            return
        norm = numbers.batch_norm
        if norm is None:
            raise ValueError("these weights were read for another cfg: no batch normalization")
        _copy(numbers.biases, self.norm.bias)
        _copy(norm.scales, self.norm.weight)
        _copy(norm.means, self.norm.running_mean)
        _copy(norm.variances, self.norm.running_var)

    def numbers(self) -> Convolution:
        weights = _array(self.convolution.weight)
        if self.norm is None:
            return Convolution(_array(self.convolution.bias), weights)
        norm = BatchNorm(
            _array(self.norm.weight), _array(self.norm.running_mean), _array(self.norm.running_var)
        )
        return Convolution(_array(self.norm.bias), weights, norm)


class _Activated(nn.Module):
    def __init__(self, function: Callable[..., Tensor], activation: str) -> None:
        super().__init__()
        self.function = function
        self.activation = ACTIVATIONS[activation]()

    def forward(self, *inputs: Tensor) -> Tensor:
        out: Tensor = self.activation(self.function(*inputs))
        return out


def _max_pool(layer: MaxPool, x: Tensor) -> Tensor:
    """Unlike PyTorch's, allows an odd total padding: the smaller half on the left and top."""
    before, after = layer.padding // 2, layer.padding - layer.padding // 2
    padded = F.pad(x, (before, after, before, after), value=-torch.inf)
    return F.max_pool2d(padded, layer.size, layer.stride)


def _upsample(layer: Upsample, x: Tensor) -> Tensor:
    larger = F.interpolate(x, scale_factor=float(layer.stride), mode="nearest")
    return larger if layer.scale == 1 else larger * layer.scale


def _reorg(layer: Reorg, x: Tensor) -> Tensor:
    """See :class:`lpr.darknet.layers.Reorg`."""
    n, c, h, w = x.shape
    s = layer.stride
    blocks = x.reshape(n, c // s**2, h, s, w, s).permute(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * s**2, h // s, w // s)


def _route(layer: Route, *inputs: Tensor) -> Tensor:
    parts = [x.chunk(layer.groups, dim=1)[layer.group_id] for x in inputs]
    return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


def _sum(x: Tensor, *others: Tensor) -> Tensor:
    """See :class:`lpr.darknet.layers.Shortcut`."""
    for other in others:
        other = _resample(other, x.shape[2], x.shape[3])
        missing = x.shape[1] - other.shape[1]
        fitted = F.pad(other, (0, 0, 0, 0, 0, missing)) if missing > 0 else other
        x = x + fitted[:, : x.shape[1]]
    return x


def _resample(x: Tensor, height: int, width: int) -> Tensor:
    """Every n-th pixel of a larger ``x``; the pixels of a smaller one with zeros between them."""
    if x.shape[2] > height:
        return x[:, :, :: x.shape[2] // height, :: x.shape[3] // width]
    if x.shape[2] < height:
        spread = x.new_zeros((*x.shape[:2], height, width))
        spread[:, :, :: height // x.shape[2], :: width // x.shape[3]] = x
        return spread
    return x


def _module(layer: Layer) -> nn.Module:
    match layer:
        case Convolutional():
            return ConvolutionBlock(layer)
        case MaxPool():
            return Function(partial(_max_pool, layer))
        case AvgPool():
            return nn.AdaptiveAvgPool2d(1)
        case Upsample():
            return Function(partial(_upsample, layer))
        case Reorg():
            return Function(partial(_reorg, layer))
        case Route():
            return Function(partial(_route, layer))
        case Shortcut():
            return _Activated(_sum, layer.activation)
        case Sam() | ScaleChannels():
            return _Activated(torch.mul, layer.activation)
        case Dropout():
            return nn.Dropout(layer.probability)
    if isinstance(layer, HEADS):
        return nn.Identity()
    raise TypeError(f"{layer} has no counterpart in Torch")


def _last_uses(layers: Sequence[Layer]) -> dict[int, int]:
    """The last user of each layer's output, after which the output can be freed."""
    return {source: layer.index for layer in layers for source in layer.inputs}


def _copy(source: Float32, target: Tensor | None) -> None:
    if target is not None:
        target.copy_(torch.from_numpy(np.ascontiguousarray(source)))


def _array(tensor: Tensor | None) -> Float32:
    if tensor is None:
        raise ValueError("a network without running statistics cannot be saved as Darknet weights")
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())
