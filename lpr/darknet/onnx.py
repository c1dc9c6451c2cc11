"""Darknet to ONNX: the convolutional part, up to what enters each ``[yolo]``.

The only module of lpr that imports the ``onnx`` package, which lpr does not require: plugins and
tools that convert bring it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import (
    LEAKY_SLOPE,
    PICTURE,
    PICTURE_CHANNELS,
    AvgPool,
    Convolutional,
    Dropout,
    Layer,
    MaxPool,
    Route,
    Sam,
    Shortcut,
    Upsample,
    Yolo,
)
from lpr.darknet.weights import Convolution, Weights

OPSET = 13
INPUT = "input"


def to_onnx(cfg: Cfg, weights: Weights) -> onnx.ModelProto:
    """The network as an ONNX model, batch normalization folded into the convolutions.

    Input ``input``: float32 ``N x 3 x H x W``, all but the 3 dynamic. Outputs ``head_0``,
    ``head_1``, ... in the cfg's order: ``N x A*(5+C) x h x w``, raw values without any sigmoid.
    H and W must be sizes that :meth:`lpr.darknet.cfg.Cfg.check_size` takes.
    """
    graph = _Graph()
    convolutions = iter(weights.convolutions)
    names = {PICTURE: INPUT}
    heads: list[str] = []
    for layer in cfg.layers:
        inputs = [names[i] for i in layer.inputs]
        if isinstance(layer, Yolo):
            heads.append(graph.add("Identity", inputs, output=f"head_{len(heads)}"))
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
        # The oldest that has this opset, so that older runtimes take the file too.
        ir_version=7,
    )
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Collects nodes and constants, and names what they give."""

    def __init__(self) -> None:
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

    def activation(self, name: str, x: str) -> str:
        match name:
            case "linear":
                return x
            case "leaky":
                return self.add("LeakyRelu", [x], alpha=LEAKY_SLOPE)
            case "relu":
                return self.add("Relu", [x])
            case "logistic":
                return self.add("Sigmoid", [x])
            case "tanh":
                return self.add("Tanh", [x])
            case "swish" | "silu":
                return self.add("Mul", [x, self.add("Sigmoid", [x])])
            case "mish":
                return self.add("Mul", [x, self.add("Tanh", [self.add("Softplus", [x])])])
        raise NotImplementedError(f"activation {name}")

    def channels(self, x: str, start: int, end: int) -> str:
        return self.add("Slice", [x, self.integers(start), self.integers(end), self.integers(1)])


def _convolution(graph: _Graph, layer: Convolutional, x: str, numbers: Convolution) -> str:
    weights, biases = numbers.folded()
    out = graph.add(
        "Conv",
        [x, graph.constant(weights), graph.constant(biases)],
        kernel_shape=[layer.size] * 2,
        strides=[layer.stride] * 2,
        pads=[layer.padding] * 4,
        group=layer.groups,
    )
    return graph.activation(layer.activation, out)


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
            return graph.add(
                "Resize",
                [x, "", graph.constant(scales)],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
        case Route():
            if len(inputs) > 1:
                return graph.add("Concat", inputs, axis=1)
            if layer.groups == 1:
                return x
            start = layer.group_id * layer.out_channels
            return graph.channels(x, start, start + layer.out_channels)
        case Shortcut():
            other = _fitted(graph, inputs[1], _channels(cfg, layer.inputs[1]), layer.out_channels)
            return graph.activation(layer.activation, graph.add("Add", [x, other]))
        case Sam():
            return graph.activation(layer.activation, graph.add("Mul", inputs))
        case Dropout():
            return x
    raise NotImplementedError(str(layer))


def _channels(cfg: Cfg, index: int) -> int:
    return PICTURE_CHANNELS if index == PICTURE else cfg.layers[index].out_channels


def _fitted(graph: _Graph, x: str, given: int, wanted: int) -> str:
    """The first ``wanted`` of ``given`` channels, zeros behind them where there are fewer."""
    if given > wanted:
        return graph.channels(x, 0, wanted)
    if given < wanted:
        return graph.add("Pad", [x, graph.integers(0, 0, 0, 0, 0, wanted - given, 0, 0)])
    return x
