"""OpenCV's Darknet importer (before OpenCV 5) and its limitations."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import (
    HEADS,
    Convolutional,
    Layer,
    Route,
    Sam,
    ScaleChannels,
    Shortcut,
    Upsample,
)
from lpr.darknet.weights import Weights

_ACTIVATIONS = ("leaky", "linear", "logistic", "mish", "relu", "silu", "swish", "tanh")


def unsupported(cfg: Cfg) -> list[str]:
    """The layers that the importer would run wrongly or not at all, one sentence each."""
    if not hasattr(cv2.dnn, "readNetFromDarknet"):
        return [f"OpenCV {cv2.__version__} has no Darknet importer"]
    return [f"{layer}: {problem}" for layer in cfg.layers if (problem := _problem_of(layer))]


def _problem_of(layer: Layer) -> str | None:
    match layer:
        case Convolutional(dilation=dilation) if dilation > 1:
            return "dilation is silently ignored"
        case Upsample(scale=scale) if scale != 1:
            return "scale is silently ignored"
        case Route(groups=groups, inputs=inputs) if groups > 1 and len(inputs) > 1:
            return "groups over several layers are joined wrongly"
        case Shortcut(in_strides=strides) if len(set(strides)) > 1:
            return "layers of different strides are added wrongly"
        case Shortcut(inputs=inputs) if len(inputs) > 2:
            return "all layers but the first are silently ignored"
        case ScaleChannels():
            return "is wrong for batches of more than one picture (opencv#16630)"
    activation = layer.activation if isinstance(layer, Convolutional | Shortcut | Sam) else "linear"
    return None if activation in _ACTIVATIONS else f"activation={activation} is not known"


def imported(cfg: Cfg, weights: Weights) -> cv2.dnn.Net:
    """Import the network; its heads are the outputs ``identity_INDEX``."""
    return cv2.dnn.readNetFromDarknet(
        np.frombuffer(headless(cfg).to_text().encode(), np.uint8),
        np.frombuffer(weights.to_bytes(), np.uint8),
    )


def headless(cfg: Cfg) -> Cfg:
    """Return ``cfg`` with an identity layer in place of each head; indices stay."""
    layers = tuple(
        Route(
            index=layer.index,
            inputs=layer.inputs,
            out_channels=layer.out_channels,
            out_stride=layer.out_stride,
            groups=1,
            group_id=0,
        )
        if isinstance(layer, HEADS)
        else layer
        for layer in cfg.layers
    )
    return replace(cfg, layers=layers)
