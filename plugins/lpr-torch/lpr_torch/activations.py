"""Darknet's activations in PyTorch, by their names in cfg files."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lpr.darknet.layers import LEAKY_SLOPE, SELU_ALPHA, SELU_SCALE


class Function(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def _gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(0.797885 * x + 0.035677 * x**3))


def _hard_mish(x: Tensor) -> Tensor:
    """The identity above 0, a parabola from -2 to 0."""
    bend = x.clamp(-2, 0)
    return F.relu(x) + bend * bend / 2 + bend


def _lhtan(x: Tensor) -> Tensor:
    """The identity in 0..1, a slope of 1/1000 outside."""
    inside = x.clamp(0, 1)
    return inside + 0.001 * (x - inside)


def _plse(x: Tensor) -> Tensor:
    """A slope of 1/8 in -4..4, of 1/100 outside."""
    inside = x.clamp(-4, 4)
    return inside / 8 + 0.5 + 0.01 * (x - inside)


def _selu(x: Tensor) -> Tensor:
    return SELU_SCALE * F.elu(x, SELU_ALPHA)


def _stair(x: Tensor) -> Tensor:
    """Constant on even steps, rising on odd ones."""
    step, half = x.floor(), (x / 2).floor()
    return half + (step - 2 * half) * (x - step)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "gelu": lambda: Function(_gelu),
    "hard_mish": lambda: Function(_hard_mish),
    "hardtan": nn.Hardtanh,
    "leaky": lambda: nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
    "lhtan": lambda: Function(_lhtan),
    "linear": nn.Identity,
    "loggy": lambda: Function(lambda x: 2 * x.sigmoid() - 1),
    "logistic": nn.Sigmoid,
    "mish": lambda: nn.Mish(inplace=True),
    "plse": lambda: Function(_plse),
    "ramp": lambda: Function(lambda x: F.relu(x) + 0.1 * x),
    "relie": lambda: nn.LeakyReLU(0.01, inplace=True),
    "relu": lambda: nn.ReLU(inplace=True),
    "relu6": lambda: nn.ReLU6(inplace=True),
    "selu": lambda: Function(_selu),
    "silu": lambda: nn.SiLU(inplace=True),
    "stair": lambda: Function(_stair),
    "swish": lambda: nn.SiLU(inplace=True),
    "tanh": nn.Tanh,
}
