"""Published ONNX files back into networks that can be trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from lpr.errors import ModelError


@torch.no_grad()
def load_fused(layers: nn.Sequential, file: Path, examples: Tensor) -> None:
    """Fill ``layers`` with the convolutions of an ONNX file, batch norms folded into them.

    Each batch norm gets the statistics of ``examples`` (``N x K x H x W``) and a scale and a shift
    that undo them: the network computes what the file does, and goes on computing it when training
    normalises by batches. Raises :class:`lpr.errors.ModelError` where the convolutions differ.
    """
    graph = onnx.load(str(file)).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity":  # equal constants are stored once
            constants[node.output[0]] = constants[node.input[0]]
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    stored = [tuple(constants[node.input[1]].shape) for node in nodes]
    wanted = [tuple(layer.weight.shape) for layer in convolutions]
    if stored != wanted:
        raise ModelError(f"{file}: holds convolutions of {stored}, the recipe's are {wanted}")
    x = examples
    remaining = iter(nodes)
    shift = torch.zeros(0)
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            weight, shift = (_tensor(constants[name]) for name in next(remaining).input[1:3])
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
            x = layer.eval()(x)
    layers.train()


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.copy())
