"""Converts a Darknet network to ONNX, up to the input of each ``[yolo]`` or ``[region]``.

Import this module late: the ``onnx`` package is slow to import.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import (
    HEADS,
    LEAKY_SLOPE,
    PICTURE,
    PICTURE_CHANNELS,
    SELU_ALPHA,
    SELU_SCALE,
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
from lpr.errors import ModelError

OPSET = 13
INPUT = "input"
_END = 2**31 - 1  # The end of an axis, for Slice


def to_onnx(cfg: Cfg, weights: Weights, half: bool = False) -> onnx.ModelProto:
    """Return the network as an ONNX model with batch normalization folded in.

    Input ``input``: float32 ``N x 3 x H x W``, all but the 3 dynamic. Outputs ``head_0``,
    ``head_1``, ... in the cfg's order: ``N x A*(5+C) x h x w``, raw values without any sigmoid.
    H and W must pass :meth:`lpr.darknet.cfg.Cfg.check_size`.

    With ``half``, everything in between is float16. Raises :class:`lpr.errors.ModelError` for
    weights beyond its range (65504).
    """
    graph = _Graph(np.float16 if half else np.float32)
    convolutions = iter(weights.convolutions)
    names = {PICTURE: graph.cast(INPUT, TensorProto.FLOAT16) if half else INPUT}
    heads: list[str] = []
    for layer in cfg.layers:
        inputs = [names[i] for i in layer.inputs]
        if isinstance(layer, HEADS):
            heads.append(graph.head(inputs[0], f"head_{len(heads)}"))
        elif isinstance(layer, Convolutional):
            names[layer.index] = _convolution(graph, layer, inputs[0], next(convolutions))
        else:
            names[layer.index] = _layer(graph, layer, inputs, cfg)
    outputs = [
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT, ["N", head.out_channels, f"{name}_h", f"{name}_w"]
        )
        for name, head in zip(heads, cfg.heads, strict=True)
    ]
    picture: list[int | str | None] = ["N", PICTURE_CHANNELS, "H", "W"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "darknet",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, picture)],
            outputs,
            graph.constants,
        ),
        producer_name="lpr",
        opset_imports=[helper.make_opsetid("", OPSET)],
        # The oldest version with this opset, for older runtimes.
        ir_version=7,
    )
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Collects nodes and constants and names their outputs; ``kind`` is the dtype of numbers."""

    def __init__(self, kind: type[np.floating[Any]]) -> None:
        self.kind = kind
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.array(value, self.kind))

    def numbers(self, values: NDArray[Any], owner: Layer) -> str:
        with np.errstate(over="ignore"):
            stored = values.astype(self.kind)
        if not np.isfinite(stored).all():
            raise ModelError(
                f"the weights of {owner} reach {np.abs(values).max():.3g}, beyond the range of "
                "half precision; convert without --half"
            )
        return self.constant(stored)

    def cast(self, x: str, kind: int, *, output: str = "") -> str:
        return self.add("Cast", [x], output=output, to=kind)

    def head(self, x: str, name: str) -> str:
        if self.kind is np.float16:
            return self.cast(x, TensorProto.FLOAT, output=name)
        return self.add("Identity", [x], output=name)

    def clip(self, x: str, low: float, high: float) -> str:
        return self.add("Clip", [x, self.number(low), self.number(high)])

    def times(self, x: str, factor: float) -> str:
        return self.add("Mul", [x, self.number(factor)])

    def plus(self, x: str, other: str | float) -> str:
        return self.add("Add", [x, other if isinstance(other, str) else self.number(other)])

    def channels(self, x: str, start: int, end: int) -> str:
        return self.add("Slice", [x, self.integers(start), self.integers(end), self.integers(1)])


def _convolution(graph: _Graph, layer: Convolutional, x: str, numbers: Convolution) -> str:
    weights, biases = numbers.folded()
    out = graph.add(
        "Conv",
        [x, graph.numbers(weights, layer), graph.numbers(biases, layer)],
        kernel_shape=[layer.size] * 2,
        strides=[layer.stride] * 2,
        pads=[layer.padding * layer.dilation] * 4,
        dilations=[layer.dilation] * 2,
        group=layer.groups,
    )
    return _activation(graph, layer.activation, out)


def _layer(graph: _Graph, layer: Layer, inputs: list[str], cfg: Cfg) -> str:
    x = inputs[0]
    match layer:
        case MaxPool():
            before, after = layer.padding // 2, layer.padding - layer.padding // 2
            return graph.add(
                "MaxPool",
                [x],
                kernel_shape=[layer.size] * 2,
                strides=[layer.stride] * 2,
                pads=[before, before, after, after],
            )
        case AvgPool():
            return graph.add("GlobalAveragePool", [x])
        case Upsample():
            scales = np.array([1, 1, layer.stride, layer.stride], np.float32)
            larger = graph.add(
                "Resize",
                [x, "", graph.constant(scales)],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
            return larger if layer.scale == 1 else graph.times(larger, layer.scale)
        case Reorg():
            return _reorg(graph, x, layer)
        case Route():
            parts = [
                _part(graph, source, _channels(cfg, index) // layer.groups, layer)
                for source, index in zip(inputs, layer.inputs, strict=True)
            ]
            return graph.add("Concat", parts, axis=1) if len(parts) > 1 else parts[0]
        case Shortcut():
            others = zip(inputs[1:], layer.inputs[1:], layer.ratios(), strict=True)
            for other, index, (taken, apart) in others:
                fitted = _fit_channels(graph, other, _channels(cfg, index), layer.out_channels)
                fitted = _resample(graph, fitted, taken, apart, layer.out_channels)
                x = graph.add("Add", [x, fitted])
            return _activation(graph, layer.activation, x)
        case ScaleChannels():
            gate = _repeat(graph, x, _channels(cfg, layer.inputs[0]), layer.out_channels)
            return _activation(graph, layer.activation, graph.add("Mul", [inputs[1], gate]))
        case Sam():
            return _activation(graph, layer.activation, graph.add("Mul", inputs))
        case Dropout():
            return x
    raise NotImplementedError(str(layer))


_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("Elu", {}),
    "leaky": ("LeakyRelu", {"alpha": LEAKY_SLOPE}),
    "logistic": ("Sigmoid", {}),
    "relie": ("LeakyRelu", {"alpha": 0.01}),
    "relu": ("Relu", {}),
    "selu": ("Selu", {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}),
    "tanh": ("Tanh", {}),
}


def _activation(graph: _Graph, name: str, x: str) -> str:
    """Apply one of :data:`lpr.darknet.layers.ACTIVATIONS`."""
    match name:
        case "linear":
            return x
        case _ if name in _OPERATORS:
            operator, attributes = _OPERATORS[name]
            return graph.add(operator, [x], **attributes)
        case "relu6":
            return graph.clip(x, 0, 6)
        case "hardtan":
            return graph.clip(x, -1, 1)
        case "loggy":
            return graph.plus(graph.times(graph.add("Sigmoid", [x]), 2), -1)
        case "swish" | "silu":
            return graph.add("Mul", [x, graph.add("Sigmoid", [x])])
        case "mish":
            return graph.add("Mul", [x, graph.add("Tanh", [graph.add("Softplus", [x])])])
        case "ramp":
            return graph.plus(graph.add("Relu", [x]), graph.times(x, 0.1))
        case _:
            return _piecewise(graph, name, x)


def _piecewise(graph: _Graph, name: str, x: str) -> str:
    """Apply a piecewise activation, or gelu."""
    match name:
        case "lhtan":  # the identity in 0..1, a slope of 1/1000 outside
            inside = graph.clip(x, 0, 1)
            return graph.plus(inside, graph.times(graph.add("Sub", [x, inside]), 0.001))
        case "plse":  # a slope of 1/8 in -4..4, of 1/100 outside
            inside = graph.clip(x, -4, 4)
            beyond = graph.times(graph.add("Sub", [x, inside]), 0.01)
            return graph.plus(graph.plus(graph.times(inside, 0.125), 0.5), beyond)
        case "stair":  # constant on even steps, rising on odd ones
            step = graph.add("Floor", [x])
            half = graph.add("Floor", [graph.times(x, 0.5)])
            odd = graph.add("Sub", [step, graph.times(half, 2)])
            return graph.plus(half, graph.add("Mul", [odd, graph.add("Sub", [x, step])]))
        case "hard_mish":  # a parabola from -2 to 0
            bend = graph.clip(x, -2, 0)
            bend = graph.plus(graph.times(graph.add("Mul", [bend, bend]), 0.5), bend)
            return graph.plus(graph.add("Relu", [x]), bend)
        case "gelu":
            cube = graph.add("Mul", [x, graph.add("Mul", [x, x])])
            inner = graph.plus(graph.times(x, 0.797885), graph.times(cube, 0.035677))
            return graph.add(
                "Mul", [graph.times(x, 0.5), graph.plus(graph.add("Tanh", [inner]), 1)]
            )
    raise NotImplementedError(f"activation {name}")


def _reorg(graph: _Graph, x: str, layer: Reorg) -> str:
    """See :class:`lpr.darknet.layers.Reorg`; heights and widths stay dynamic."""
    s = layer.stride
    inner = layer.out_channels // s**4
    shape = graph.add("Shape", [x])
    count = graph.add("Gather", [shape, graph.integers(0)])
    rows = graph.add("Gather", [shape, graph.integers(2)])
    columns = graph.add("Gather", [shape, graph.integers(3)])
    side = graph.integers(s)

    def view(value: str, *lengths: str) -> str:
        return graph.add("Reshape", [value, graph.add("Concat", list(lengths), axis=0)])

    # C/s/s x (H*s) x (W*s), cut into blocks: H and W blocks of s x s.
    blocks = view(x, count, graph.integers(inner), rows, side, columns, side)
    groups = graph.add("Transpose", [blocks], perm=[0, 3, 5, 1, 2, 4])
    smaller = [graph.add("Div", [length, side]) for length in (rows, columns)]
    return view(groups, count, graph.integers(layer.out_channels), *smaller)


def _part(graph: _Graph, x: str, channels: int, layer: Route) -> str:
    if layer.groups == 1:
        return x
    return graph.channels(x, layer.group_id * channels, (layer.group_id + 1) * channels)


def _channels(cfg: Cfg, index: int) -> int:
    return PICTURE_CHANNELS if index == PICTURE else cfg.layers[index].out_channels


def _repeat(graph: _Graph, x: str, channels: int, target: int) -> str:
    """Repeat one channel ``target`` times, since OpenCV 5.0 broadcasts channels wrongly."""
    if channels == target:
        return x
    ones = np.ones((target, 1, 1, 1), graph.kind)
    return graph.add("Conv", [x, graph.constant(ones)], kernel_shape=[1, 1])


def _resample(graph: _Graph, x: str, taken: int, apart: int, channels: int) -> str:
    """Every ``taken``-th pixel of ``x``, with ``apart - 1`` zeros between them."""
    if taken > 1:
        starts, ends = graph.integers(0, 0), graph.integers(_END, _END)
        axes, steps = graph.integers(2, 3), graph.integers(taken, taken)
        return graph.add("Slice", [x, starts, ends, axes, steps])
    if apart > 1:
        # A transposed convolution of one weight per channel spreads its input.
        ones = graph.constant(np.ones((channels, 1, 1, 1), graph.kind))
        return graph.add(
            "ConvTranspose",
            [x, ones],
            kernel_shape=[1, 1],
            strides=[apart, apart],
            output_padding=[apart - 1, apart - 1],
            group=channels,
        )
    return x


def _fit_channels(graph: _Graph, x: str, channels: int, target: int) -> str:
    """Crop or zero-pad ``channels`` channels to ``target``."""
    if channels > target:
        return graph.channels(x, 0, target)
    if channels < target:
        return graph.add("Pad", [x, graph.integers(0, 0, 0, 0, 0, target - channels, 0, 0)])
    return x
