"""A tiny CTC recognizer as an ONNX file: one convolution, means over the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lpr.specs import CtcSpec, RecognizerModel


def ctc_model(
    folder: Path, *, channels: str = "gray", classes: int = 4, batch: str | int = "N"
) -> RecognizerModel:
    """Reads ``ABC`` in pictures of 32 x 16; 16 time steps of ``classes`` classes."""
    onnx = pytest.importorskip("onnx")
    planes = 1 if channels == "gray" else 3
    weights = np.random.default_rng(0).normal(0, 1, (classes, planes, 3, 3)).astype(np.float32)
    helper = onnx.helper
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMean", ["c"], ["m"], axes=[2], keepdims=0),
        helper.make_node("Transpose", ["m"], ["y"], perm=[0, 2, 1]),
    ]
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "ctc",
        [helper.make_tensor_value_info("x", floats, [batch, planes, 16, 32])],
        [helper.make_tensor_value_info("y", floats, [batch, 16, classes])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    opset = helper.make_opsetid("", 13)
    file = folder / "reader.onnx"
    file.write_bytes(
        helper.make_model(graph, opset_imports=[opset], ir_version=7).SerializeToString()
    )
    spec = CtcSpec(alphabet="ABC", blank=3, width=32, height=16, channels=channels)  # type: ignore[arg-type]
    return RecognizerModel(file, "onnx", spec)
