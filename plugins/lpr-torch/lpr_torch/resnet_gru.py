"""The ResNet + GRU recognizers: a residual network with little downsampling, and two bidirectional
GRU layers.

Residual blocks: He et al. 2016, Identity Mappings in Deep Residual Networks (pre-activation).
Recurrent layers: Cho et al. 2014; Shi et al. 2015 (CRNN) put them behind a convolutional network.
Group normalisation: Wu & He 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from lpr_torch.plain import time_steps
from lpr_torch.spatial_transformer import SpatialTransformer

Norm: TypeAlias = Literal["batch", "group"]
Reader: TypeAlias = Literal["gru", "lstm", "rnn", "convolution"]
Layer: TypeAlias = Callable[[int], nn.Module]

# Keras' defaults, which the family was designed with; PyTorch's momentum is 1 - Keras'.
NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.01

GROUP = 16
"""Channels per group in group normalization."""


@dataclass(frozen=True, slots=True)
class ResNetGru:
    """A configuration of the family.

    ``blocks`` residual blocks in each of the stages, the first with ``filters`` channels, each
    further one with twice as many; the first two stages keep the size, the others halve it.
    ``bottleneck`` blocks (1 x 1, 3 x 3, 1 x 1) give four times the channels. ``dense`` is the size
    of the layer between the two parts, ``dense_norm`` normalises behind it, ``gru`` is the size of
    each of the four recurrent layers.

    ``norm`` is the normalization of its convolutions. ``reader`` is the kind of the recurrent
    layers: GRU, LSTM or RNN (tanh), or a ``convolution`` over five time steps with as many
    channels. With ``transformer`` a spatial transformer straightens crops first
    (:mod:`lpr_torch.spatial_transformer`).

    With ``axis_switch`` each column of the feature map is a time step; without it the map is cut
    into time steps in the order of memory, row by row (``H x W x C``). With ``backward_in_order``
    the outputs of the backward layers are put back into the order of time before they are joined
    with those of the forward layers; without it the last step is joined with the first.
    """

    blocks: tuple[int, ...] = (2, 2, 2, 2)
    filters: int = 64
    bottleneck: bool = False
    stem: int = 5
    dense: int = 64
    dense_norm: bool = False
    gru: int = 256
    axis_switch: bool = True
    backward_in_order: bool = True
    norm: Norm = "batch"
    reader: Reader = "gru"
    transformer: bool = False


class ResNetGruNet(nn.Module):
    """RGB crops ``N x 3 x height x width`` (0..1) to CTC logits ``N x T x classes``; T = width / 4.

    Sides have to be multiples of 4 (for four stages).
    """

    def __init__(self, config: ResNetGru, size: tuple[int, int], classes: int) -> None:
        """``size`` is (width, height) of the crops."""
        super().__init__()
        self.config = config
        norm = _NORMS[config.norm]
        self.straighten = SpatialTransformer(size) if config.transformer else None
        channels = 64 if config.bottleneck else config.filters
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels, config.stem, 1, config.stem // 2),
            norm(channels),
            nn.ReLU(inplace=True),
        )
        stages: list[nn.Module] = []
        shrunk = 1
        for stage, count in enumerate(config.blocks):
            filters = config.filters * 2**stage
            for number in range(count):
                # Stage 0 follows the stem's activation; stage 1 has none, as designed.
                bare = number == 0 and stage < 2
                stride = 2 if number == 0 and stage >= 2 else 1
                shrunk *= stride
                kind = Bottleneck if config.bottleneck else Basic
                stages.append(kind(norm, channels, filters, stride, bare))
                channels = kind.expansion * filters
        self.stages = nn.Sequential(*stages)
        self.last = nn.Sequential(norm(channels), nn.ReLU(inplace=True))
        height = size[1] // shrunk
        self.dense = nn.Linear(height * channels, config.dense)
        self.dense_norm = _row_norm(config.dense) if config.dense_norm else None
        self.first_gru = _reader(config.reader, config.dense, config.gru)
        self.first_norm = _row_norm(config.gru)
        self.second_gru = _reader(config.reader, config.gru, config.gru)
        self.second_norm = _row_norm(2 * config.gru)
        self.out = nn.Linear(2 * config.gru, classes)
        self._initialize()

    def forward(self, crops: Tensor) -> Tensor:
        if self.straighten is not None:
            crops = self.straighten(crops)
        steps = self._steps(self.last(self.stages(self.stem(crops)))).relu()
        if self.dense_norm is not None:
            steps = _each(self.dense_norm, steps)
        forward, backward = self._both(self.first_gru, steps)
        steps = _each(self.first_norm, forward + backward)
        forward, backward = self._both(self.second_gru, steps)
        steps = _each(self.second_norm, torch.cat([forward, backward], dim=2))
        return _each(self.out, steps)

    def _steps(self, features: Tensor) -> Tensor:
        """The dense layer's output for each time step, ``N x T x dense``."""
        count, channels, height, width = features.shape
        if not self.config.axis_switch:
            rows = features.permute(0, 2, 3, 1).reshape(count, width, height * channels)
            return _each(self.dense, rows)
        # A dense layer per column, written as a convolution, which OpenCV computes correctly.
        kernel = self.dense.weight.view(-1, height, channels, 1).transpose(1, 2)
        columns = functional.conv2d(features, kernel, self.dense.bias)
        return time_steps(columns)

    def _both(self, reader: nn.Module, steps: Tensor) -> tuple[Tensor, Tensor]:
        forward, backward = reader(steps)[0].split(self.config.gru, dim=2)
        return forward, backward if self.config.backward_in_order else backward.flip(1)

    def _initialize(self) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.RNNBase):
                for name, values in layer.named_parameters():
                    if name.startswith("weight_ih"):
                        nn.init.xavier_uniform_(values)
                    elif name.startswith("weight_hh"):
                        for gate in values.data.chunk(len(values) // layer.hidden_size):
                            nn.init.orthogonal_(gate)
                    else:
                        nn.init.zeros_(values)
                        if isinstance(layer, nn.LSTM) and name.startswith("bias_ih"):
                            # A forget bias of 1, as in Keras (Jozefowicz et al. 2015).
                            forget = slice(layer.hidden_size, 2 * layer.hidden_size)
                            nn.init.ones_(values.data[forget])
        if self.straighten is not None:
            self.straighten.start()


class Neighbours(nn.Module):
    """A convolution over time steps in a recurrent layer's place: ``N x T x before`` to ``N x T x
    2 * size``, half of them for each direction."""

    def __init__(self, before: int, size: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, 2 * size, 5, padding=2)

    def forward(self, steps: Tensor) -> tuple[Tensor]:
        return (self.convolution(steps.transpose(1, 2)).relu().transpose(1, 2),)


class Basic(nn.Module):
    """Two 3 x 3 convolutions, each behind normalisation and activation, and the way around them;
    a ``bare`` block's first convolution stands alone."""

    expansion = 1

    def __init__(self, norm: Layer, before: int, filters: int, stride: int, bare: bool) -> None:
        super().__init__()
        self.first = _unit(norm, before, filters, 3, stride, bare)
        self.second = _unit(norm, filters, filters, 3)
        self.around = _around(before, filters, stride)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.around(x) + self.second(self.first(x))
        return out


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions, the last with four times the ``filters``."""

    expansion = 4

    def __init__(self, norm: Layer, before: int, filters: int, stride: int, bare: bool) -> None:
        super().__init__()
        after = self.expansion * filters
        self.first = _unit(norm, before, filters, 1, stride, bare)
        self.second = _unit(norm, filters, filters, 3)
        self.third = _unit(norm, filters, after, 1)
        self.around = _around(before, after, stride)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.around(x) + self.third(self.second(self.first(x)))
        return out


def _unit(
    norm: Layer, before: int, after: int, size: int, stride: int = 1, bare: bool = False
) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, size, stride, size // 2)
    if bare:
        return nn.Sequential(convolution)
    # Not in place: the shortcut uses the same values.
    return nn.Sequential(norm(before), nn.ReLU(), convolution)


def _around(before: int, after: int, stride: int) -> nn.Module:
    if before == after and stride == 1:
        return nn.Identity()
    return nn.Conv2d(before, after, 1, stride)


def _batch_norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, NORM_EPSILON, NORM_MOMENTUM)


def _group_norm(channels: int) -> nn.Module:
    return nn.GroupNorm(max(channels // GROUP, 1), channels, NORM_EPSILON)


_NORMS: dict[Norm, Layer] = {"batch": _batch_norm, "group": _group_norm}


def _row_norm(channels: int) -> nn.BatchNorm1d:
    """For rows ``M x channels``, each a time step."""
    return nn.BatchNorm1d(channels, NORM_EPSILON, NORM_MOMENTUM)


def _reader(kind: Reader, before: int, size: int) -> nn.Module:
    """``N x T x before`` to a tuple whose first entry is ``N x T x 2 * size``."""
    if kind == "convolution":
        return Neighbours(before, size)
    kinds: dict[Reader, Callable[..., nn.Module]]
    kinds = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}
    return kinds[kind](before, size, batch_first=True, bidirectional=True)


def _each(layer: nn.Module, steps: Tensor) -> Tensor:
    """``layer`` on each time step of ``N x T x C``."""
    rows: Tensor = layer(steps.flatten(0, 1))
    return rows.view(*steps.shape[:2], rows.shape[1])
