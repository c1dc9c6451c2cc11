"""Is an ONNX file the detector that a cfg describes?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onnx

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import PICTURE_CHANNELS
from lpr.errors import ModelError
from lpr.specs import DetectorModel


def head_names(data: bytes, cfg: Cfg, model: DetectorModel) -> list[str]:
    """The names of an ONNX model's outputs, one for each of the cfg's heads, in the cfg's order.

    Raises :class:`lpr.errors.ModelError` unless it has one input of ``N x 3 x H x W`` and as many
    outputs as the cfg has heads, of as many channels, and takes all sizes that the spec asks for.
    """
    file, spec = model.weights, model.spec
    try:
        graph = onnx.load_model_from_string(data).graph
    # protobuf's errors; its package has no types.
    except Exception as error:
        raise ModelError(f"{file}: is no ONNX file, or a damaged one; get it again") from error
    constants = {constant.name for constant in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    wanted = [head.out_channels for head in cfg.heads]
    given = [_channels(value) for value in graph.output]
    if len(inputs) != 1 or _channels(inputs[0]) not in (PICTURE_CHANNELS, None):
        raise _no_detector(file, f"it has {_named(inputs)} as input, not one of N x 3 x H x W")
    rows, columns = (_length(inputs[0], axis) for axis in (2, 3))
    if rows and columns and (spec.resize == "fit" or (columns, rows) != (spec.width, spec.height)):
        raise ModelError(
            f"{file}: takes inputs of {columns}x{rows} only; model.toml has to say so in width and "
            'height, and resize = "letterbox" or "stretch"'
        )
    if len(given) != len(wanted) or any(
        a not in (b, None) for a, b in zip(given, wanted, strict=True)
    ):
        raise _no_detector(
            file, f"it gives {_named(graph.output)}, and the cfg's heads have {wanted} channels"
        )
    return [value.name for value in graph.output]


def _no_detector(file: Path, why: str) -> ModelError:
    return ModelError(
        f"{file}: is not the detector that its cfg describes: {why}; "
        "lpr convert makes one of cfg and weights"
    )


def _channels(value: onnx.ValueInfoProto) -> int | None:
    """The length of the second of four axes; None where the file leaves it open."""
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


def _named(values: Iterable[onnx.ValueInfoProto]) -> str:
    return ", ".join(f"{v.name} ({_shape(v)})" for v in values) or "nothing"


def _shape(value: onnx.ValueInfoProto) -> str:
    axes = value.type.tensor_type.shape.dim
    return " x ".join(axis.dim_param or str(axis.dim_value or "?") for axis in axes) or "a number"
