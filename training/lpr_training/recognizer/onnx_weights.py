"""Loads a published ONNX file into a network that can be trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from lpr.errors import ModelError
from lpr_torch.plain import CtcNet


@torch.no_grad()
def load_fused(network: CtcNet, file: Path, examples: Tensor) -> None:
    """Fill ``network`` with the convolutions of an ONNX file, in which batch norms are folded.

    ``network`` may have additional 3 x 3 convolutions after a ReLU that keep channels and size:
    these start as the identity (Chen et al. 2016, Net2Net, "deeper").

    Each batch norm gets the statistics of ``examples`` (``N x K x H x W``), and a scale and a shift
    that cancel them. The network then computes the same as the file, also while training
    normalises by batches. Raises :class:`lpr.errors.ModelError` if the convolutions differ.
    """
    graph = onnx.load(str(file)).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity":  # equal constants are stored only once
            constants[node.output[0]] = constants[node.input[0]]
    # In the order of execution.
    parts = [network.layers, *([network.summary] if network.summary is not None else [])]
    convolutions = [layer for part in parts for layer in part if isinstance(layer, nn.Conv2d)]
    stored = [
        (torch.tensor(constants[node.input[1]]), torch.tensor(constants[node.input[2]]))
        for node in graph.node
        if node.op_type == "Conv"
    ]
    remaining = iter(_matched(stored, convolutions, file))
    layers = list(network.layers)
    features = _fill(layers[: network.trunk], examples, remaining)
    _fill(layers[network.trunk :], features, remaining)
    if network.summary is not None:
        _fill(network.summary, features, remaining)
    network.train()


def _fill(
    layers: Iterable[nn.Module], x: Tensor, numbers: Iterator[tuple[Tensor, Tensor]]
) -> Tensor:
    """Fill ``layers`` with a weight and a shift for each convolution; return their output for
    ``x``."""
    shift = torch.zeros(0)
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            weight, shift = next(numbers)
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.copy_(shift)
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)
            layer.weight.copy_((variance + layer.eps).sqrt())
            layer.bias.copy_(mean + shift)
        if not isinstance(layer, nn.Dropout):
            # Activations work in place, but features are used twice.
            x = layer.eval()(x.clone())
    return x


def _matched(
    stored: list[tuple[Tensor, Tensor]], convolutions: list[nn.Conv2d], file: Path
) -> list[tuple[Tensor, Tensor]]:
    """A weight and a shift for each of ``convolutions``: the next stored ones, or the identity."""
    matched: list[tuple[Tensor, Tensor]] = []
    remaining = list(stored)
    for convolution in convolutions:
        shape = convolution.weight.shape
        if remaining and remaining[0][0].shape == shape:
            matched.append(remaining.pop(0))
        elif matched and shape[0] == shape[1] and convolution.stride == (1, 1):
            matched.append((nn.init.dirac_(torch.empty(shape)), torch.zeros(shape[0])))
        else:
            break
    if remaining or len(matched) != len(convolutions):
        shapes = [tuple(weight.shape) for weight, _ in stored]
        recipes = [tuple(convolution.weight.shape) for convolution in convolutions]
        raise ModelError(f"{file}: has convolutions of {shapes}, but the recipe's are {recipes}")
    return matched
