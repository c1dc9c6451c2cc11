"""Darknet's arithmetic in plain NumPy, written down from its C sources' loops: the oracle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import (
    HEADS,
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
from lpr.darknet.weights import Convolution, Weights

Array = np.ndarray


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


ACTIVATE: dict[str, Callable[[Array], Array]] = {
    "elu": lambda x: np.where(x >= 0, x, np.exp(np.minimum(x, 0)) - 1),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(0.797885 * x + 0.035677 * x**3)),
    "hard_mish": lambda x: np.where(x > 0, x, np.where(x > -2, x * x / 2 + x, 0)),
    "hardtan": lambda x: np.clip(x, -1, 1),
    "leaky": lambda x: np.where(x > 0, x, 0.1 * x),
    "lhtan": lambda x: np.where(x < 0, 0.001 * x, np.where(x > 1, 0.001 * (x - 1) + 1, x)),
    "linear": lambda x: x,
    "loggy": lambda x: 2 * _sigmoid(x) - 1,
    "logistic": _sigmoid,
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "plse": lambda x: np.where(
        x < -4, 0.01 * (x + 4), np.where(x > 4, 0.01 * (x - 4) + 1, 0.125 * x + 0.5)
    ),
    "ramp": lambda x: x * (x > 0) + 0.1 * x,
    "relie": lambda x: np.where(x > 0, x, 0.01 * x),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: 1.0507 * np.where(x >= 0, x, 1.6732 * (np.exp(np.minimum(x, 0)) - 1)),
    "silu": lambda x: x * _sigmoid(x),
    "stair": lambda x: np.where(
        np.floor(x) % 2 == 0, np.floor(x / 2), x - np.floor(x) + np.floor(x / 2)
    ),
    "swish": lambda x: x * _sigmoid(x),
    "tanh": np.tanh,
}


def forward(cfg: Cfg, weights: Weights, batch: Array) -> list[Array]:
    """What enters each head, for ``batch`` (``N x 3 x H x W``)."""
    outputs: dict[int, Array] = {PICTURE: batch.astype(np.float64)}
    numbers = iter(weights.convolutions)
    heads = []
    for layer in cfg.layers:
        inputs = [outputs[i] for i in layer.inputs]
        if isinstance(layer, HEADS):
            heads.append(inputs[0])
        elif isinstance(layer, Convolutional):
            outputs[layer.index] = _convolution(layer, inputs[0], next(numbers))
        else:
            outputs[layer.index] = _layer(layer, inputs)
    return heads


def _convolution(layer: Convolutional, x: Array, numbers: Convolution) -> Array:
    pad, step = layer.padding * layer.dilation, layer.dilation
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, columns = (layer.extent(n) for n in x.shape[2:])
    filters, channels, size, _ = layer.weight_shape
    out = np.zeros((len(x), filters, rows, columns))
    for group in range(layer.groups):
        own = slice(group * filters // layer.groups, (group + 1) * filters // layer.groups)
        seen = padded[:, group * channels : (group + 1) * channels]
        for i in range(size):
            for j in range(size):
                part = seen[:, :, i * step :, j * step :][:, :, :: layer.stride, :: layer.stride]
                kernel = numbers.weights[own, :, i, j].astype(np.float64)
                out[:, own] += np.einsum("oc,nchw->nohw", kernel, part[:, :, :rows, :columns])
    if numbers.batch_norm is not None:
        norm = numbers.batch_norm
        scales, means, variances = (
            v.astype(np.float64)[None, :, None, None]
            for v in (norm.scales, norm.means, norm.variances)
        )
        out = scales * (out - means) / np.sqrt(variances + 1e-6)
    return ACTIVATE[layer.activation](out + numbers.biases[None, :, None, None])


def _layer(layer: Layer, inputs: list[Array]) -> Array:
    x = inputs[0]
    match layer:
        case MaxPool():
            return _maximum(layer, x)
        case AvgPool():
            return x.mean(axis=(2, 3), keepdims=True)
        case Upsample():
            return layer.scale * x.repeat(layer.stride, 2).repeat(layer.stride, 3)
        case Reorg():
            return np.stack([_reorg(one, layer.stride) for one in x])
        case Route():
            parts = [np.split(one, layer.groups, axis=1)[layer.group_id] for one in inputs]
            return np.concatenate(parts, axis=1)
        case Shortcut():
            out = x.copy()
            for other in inputs[1:]:
                # shortcut_cpu of Darknet, loop by loop, with stride = w1/w2 and sample = w2/w1.
                stride = max(other.shape[3] // out.shape[3], 1)
                sample = max(out.shape[3] // other.shape[3], 1)
                both = min(out.shape[1], other.shape[1])
                out[:, :both, ::sample, ::sample] += other[:, :both, ::stride, ::stride]
            return ACTIVATE[layer.activation](out)
        case Sam():
            return ACTIVATE[layer.activation](x * inputs[1])
        case ScaleChannels():
            return ACTIVATE[layer.activation](inputs[1] * x)
        case Dropout():
            return x
    raise TypeError(str(layer))


def _maximum(layer: MaxPool, x: Array) -> Array:
    before = layer.padding // 2
    after = layer.size + layer.padding
    padded = np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)), constant_values=-np.inf)
    rows, columns = (layer.extent(n) for n in x.shape[2:])
    shifted = [
        padded[:, :, i:, j:][:, :, :: layer.stride, :: layer.stride][:, :, :rows, :columns]
        for i in range(layer.size)
        for j in range(layer.size)
    ]
    return np.max(shifted, axis=0)


def _reorg(x: Array, stride: int) -> Array:
    """Darknet's reorg_cpu, index by index."""
    channels, height, width = x.shape
    inner = channels // stride**2
    flat, out = x.reshape(-1), np.empty(x.size)
    for k in range(channels):
        for j in range(height):
            for i in range(width):
                c2, offset = k % inner, k // inner
                w2, h2 = i * stride + offset % stride, j * stride + offset // stride
                source = w2 + width * stride * (h2 + height * stride * c2)
                out[i + width * (j + height * k)] = flat[source]
    return out.reshape(channels * stride**2, height // stride, width // stride)
