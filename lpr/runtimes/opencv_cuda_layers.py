"""Which layers of a network OpenCV's CUDA backend runs.

For a layer without CUDA, OpenCV falls back to the CPU, which it tells only its log: each such layer
copies its inputs and outputs between the devices.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2

CUDA_LAYERS = frozenset(
    [
        "BatchNorm",
        "Concat",
        "Const",
        "Convolution",
        "CropAndResize",
        "Deconvolution",
        "DepthToSpace",
        "DetectionOutput",
        "Dropout",
        "Eltwise",
        "Flatten",
        "Gemm",
        "GroupNormalization",
        "Identity",
        "InnerProduct",
        "InstanceNormalization",
        "LRN",
        "LSTM",
        "LayerNormalization",
        "MVN",
        "MatMul",
        "MaxUnpool",
        "NaryEltwise",
        "Normalize",
        "NormalizeBBox",
        "Padding",
        "Permute",
        "Pooling",
        "PriorBox",
        "PriorBoxClustered",
        "Region",
        "Reorg",
        "Reshape",
        "Resize",
        "Scale",
        "Shift",
        "ShuffleChannel",
        "Silence",
        "Slice",
        "SoftMax",
        "Softmax",
        "SpaceToDepth",
        "Split",
        "AbsVal",
        "Acos",
        "Acosh",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "BNLL",
        "Ceil",
        "Celu",
        "ChannelsPReLU",
        "Cos",
        "Cosh",
        "ELU",
        "Erf",
        "Exp",
        "Floor",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "Log",
        "Mish",
        "Not",
        "PReLU",
        "Power",
        "ReLU",
        "ReLU6",
        "Reciprocal",
        "Round",
        "Selu",
        "Shrink",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Swish",
        "TanH",
        "Tan",
        "ThresholdedRelu",
    ]
)
"""The layer types whose ``supportBackend`` accepts CUDA (modules/dnn/src/layers, OpenCV 4.10 to
4.14), at least with the options that detectors and CTC recognizers use."""


def cpu_layers(types: Sequence[str]) -> list[str]:
    """Those of a network's layer ``types`` that fall back to the CPU, in order."""
    return [name for name in types if name not in CUDA_LAYERS]


def layer_types(net: cv2.dnn.Net) -> list[str]:
    """The type of each layer of a network."""
    return [str(net.getLayer(net.getLayerId(name)).type) for name in net.getLayerNames()]


def describe_layers(types: Sequence[str]) -> str:
    """Where the layers run, for the header of a command."""
    rest = cpu_layers(types)
    if not rest:
        return f"all {len(types)} layers run on CUDA"
    verb = "runs" if len(rest) == 1 else "run"
    return f"{len(rest)} of {len(types)} layers {verb} on the CPU: {', '.join(dict.fromkeys(rest))}"
