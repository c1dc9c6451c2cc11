"""Checks that an ONNX file is the detector that a cfg describes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onnx

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import PICTURE_CHANNELS
from lpr.errors import ModelError
from lpr.specs import DetectorModel


def head_names(data: bytes, cfg: Cfg, model: DetectorModel) -> list[str]:
    """Return the names of an ONNX model's outputs, one per head of the cfg, in its order.

    Raises :class:`lpr.errors.ModelError` unless it has one input of ``N x 3 x H x W``, outputs with
    the channels of the cfg's heads, and accepts all sizes that the spec allows.
    """
    file, spec = model.weights, model.spec
    try:
        graph = onnx.load_model_from_string(data).graph
    # protobuf's errors; its package has no types.
    except Exception as error:
        raise ModelError(f"{file}: is not an ONNX file, or is damaged; get it again") from error
    constants = {constant.name for constant in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    expected = [head.out_channels for head in cfg.heads]
    actual = [_channels(value) for value in graph.output]
    if len(inputs) != 1 or _channels(inputs[0]) not in (PICTURE_CHANNELS, None):
        raise _mismatch(file, f"its inputs are {_described(inputs)}, not one of N x 3 x H x W")
    rows, columns = (_length(inputs[0], axis) for axis in (2, 3))
    if rows and columns and (spec.resize == "fit" or (columns, rows) != (spec.width, spec.height)):
        raise ModelError(
            f"{file}: takes inputs of {columns}x{rows} only; state that width and height in "
            'model.toml, and resize = "letterbox" or "stretch"'
        )
    if len(actual) != len(expected) or any(
        a not in (b, None) for a, b in zip(actual, expected, strict=True)
    ):
        raise _mismatch(
            file,
            f"it gives {_described(graph.output)}, and the cfg's heads have {expected} channels",
        )
    return [value.name for value in graph.output]


def _mismatch(file: Path, problem: str) -> ModelError:
    return ModelError(
        f"{file}: is not the detector that its cfg describes: {problem}; "
        "lpr convert makes one of cfg and weights"
    )


def _channels(value: onnx.ValueInfoProto) -> int | None:
    """The length of the second of four axes; None if it is dynamic."""
    axes = value.type.tensor_type.shape.dim
    if not value.type.tensor_type.HasField("shape"):
        return None
    if len(axes) != 4:
        return 0
    return int(axes[1].dim_value) if axes[1].HasField("dim_value") else None


def _length(value: onnx.ValueInfoProto, axis: int) -> int | None:
    axes = value.type.tensor_type.shape.dim
    fixed = len(axes) == 4 and axes[axis].HasField("dim_value")
    return int(axes[axis].dim_value) if fixed else None


def _described(values: Iterable[onnx.ValueInfoProto]) -> str:
    return ", ".join(f"{v.name} ({_shape(v)})" for v in values) or "nothing"


def _shape(value: onnx.ValueInfoProto) -> str:
    axes = value.type.tensor_type.shape.dim
    return " x ".join(axis.dim_param or str(axis.dim_value or "?") for axis in axes) or "a number"
