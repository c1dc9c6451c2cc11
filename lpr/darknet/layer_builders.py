"""Build layers from the keys of cfg sections: one function for each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lpr.darknet.keys import DROPOUT_TRAINING, NET_TRAINING, REGION_TRAINING, YOLO_TRAINING
from lpr.darknet.layers import (
    HEADS,
    MAX_SIDE,
    PICTURE,
    PICTURE_CHANNELS,
    AvgPool,
    Convolutional,
    Dropout,
    Layer,
    MaxPool,
    Net,
    RegionHead,
    Reorg,
    Route,
    Sam,
    ScaleChannels,
    Shortcut,
    Upsample,
    Yolo,
)
from lpr.darknet.sections import Section


class LayerContext:
    """The picture and the layers before a section, to which it can refer."""

    def __init__(self, section: Section, layers: list[Layer]) -> None:
        self._section = section
        self._layers = layers

    @property
    def index(self) -> int:
        return len(self._layers)

    def previous(self) -> int:
        return self._checked(self.index - 1, "the layer before")

    def resolve(self, reference: int) -> int:
        """The absolute index of a ``from=`` or ``layers=`` number."""
        index = reference if reference >= 0 else self.index + reference
        if not 0 <= index < self.index:
            self._section.fail(
                f"refers to {reference}, but there is no such layer before it; "
                f"absolute numbers go up to {self.index - 1}, relative ones down to {-self.index}"
            )
        return self._checked(index, str(reference))

    def common(
        self, *inputs: int, channels: int | None = None, stride: int | None = None
    ) -> dict[str, Any]:
        """The fields of every layer; channels and stride default to the first input's."""
        out_stride = self.stride(inputs[0]) if stride is None else stride
        if out_stride > MAX_STRIDE:
            self._section.fail(
                f"its output has a stride of {out_stride} pixels, more than the {MAX_STRIDE} that "
                "are supported"
            )
        return {
            "index": self.index,
            "line": self._section.line,
            "inputs": inputs,
            "out_channels": self.channels(inputs[0]) if channels is None else channels,
            "out_stride": out_stride,
        }

    def channels(self, index: int) -> int:
        return PICTURE_CHANNELS if index == PICTURE else self._layers[index].out_channels

    def stride(self, index: int) -> int:
        return 1 if index == PICTURE else self._layers[index].out_stride

    def joined_stride(self, inputs: tuple[int, ...]) -> int:
        """The stride of joined layers; fails if they differ, as no input size would fit."""
        if len({self.stride(i) for i in inputs}) > 1:
            parts = " with ".join(f"{self._layers[i]} (stride {self.stride(i)})" for i in inputs)
            self._section.fail(f"cannot join {parts} at any input size")
        return self.stride(inputs[0])

    def _checked(self, index: int, reference: str) -> int:
        if index != PICTURE and isinstance(self._layers[index], HEADS):
            self._section.fail(
                f"{reference} is the detection head {self._layers[index]}, whose output is no "
                "feature map; refer to a layer before it (with [route] layers=)"
            )
        return index


_NOT_SUPPORTED = "is not supported"

MAX_STRIDE = 1024
"""The largest stride of a layer, in pixels of the picture. The published networks reach 128."""


def net(section: Section) -> Net:
    section.only(
        "channels",
        str(PICTURE_CHANNELS),
        "is not supported: lpr runs networks for colour pictures (channels=3)",
    )
    sides = {key: section.integer(key, least=1) for key in ("width", "height")}
    for key, side in sides.items():
        if side > MAX_SIDE:
            section.fail(f"{key}={side} is more than the {MAX_SIDE} pixels that are supported")
    result = Net(**sides, extra=section.keep(NET_TRAINING))
    section.finish()
    return result


def _refuse(section: Section, *keys: str) -> None:
    """Refuse ``keys`` that are not 0, and strides that differ between the axes."""
    for key in ("stride_x", "stride_y"):
        section.only(key, "", "is not supported: the strides across and down are one stride=")
    for key in keys:
        section.only(key, "0", _NOT_SUPPORTED)


def _convolutional(section: Section, context: LayerContext) -> Layer:
    _refuse(section, "antialiasing", "binary", "flipped", "xnor")
    source = context.previous()
    channels = context.channels(source)
    size = section.integer("size", least=1)
    padding = section.integer("padding", 0)
    if section.flag("pad"):
        padding = size // 2
    stride = section.integer("stride", 1, least=1)
    filters = section.integer("filters", least=1)
    dilation = section.integer("dilation", 1, least=1)
    if dilation > 1 and 2 * padding != size - 1:
        section.fail(
            f"dilation={dilation} needs an odd size and pad=1: Darknet miscounts other outputs"
        )
    groups = section.integer("groups", 1, least=1)
    if channels % groups or filters % groups:
        section.fail(f"groups={groups} must divide {channels} channels in and {filters} filters")
    activation = section.activation()
    if activation is None:
        section.fail("needs activation=; without it some programs take logistic and some linear")
    return Convolutional(
        **context.common(source, channels=filters, stride=context.stride(source) * stride),
        in_channels=channels,
        size=size,
        stride=stride,
        padding=padding,
        groups=groups,
        activation=activation,
        batch_normalize=section.flag("batch_normalize"),
        dilation=dilation,
    )


def _maxpool(section: Section, context: LayerContext) -> Layer:
    _refuse(section, "antialiasing", "maxpool_depth")
    source = context.previous()
    stride = section.integer("stride", 1, least=1)
    size = section.integer("size", stride, least=1)
    padding = section.integer("padding", size - 1)
    if padding > 2 * (size - 1):
        section.fail(f"padding={padding} leaves windows without a pixel; at most {2 * (size - 1)}")
    return MaxPool(
        **context.common(source, stride=context.stride(source) * stride),
        size=size,
        stride=stride,
        padding=padding,
    )


def _avgpool(section: Section, context: LayerContext) -> Layer:
    return AvgPool(**context.common(context.previous(), stride=0))


def _upsample(section: Section, context: LayerContext) -> Layer:
    source = context.previous()
    stride = section.integer("stride", 2, least=1)
    if context.stride(source) % stride:
        section.fail(
            f"stride={stride} does not divide its input's stride, {context.stride(source)}"
        )
    return Upsample(
        **context.common(source, stride=context.stride(source) // stride),
        stride=stride,
        scale=section.real("scale", 1.0),
    )


def _reorg(section: Section, context: LayerContext) -> Layer:
    for key in ("reverse", "flatten", "extra"):
        section.only(key, "0", _NOT_SUPPORTED)
    source = context.previous()
    stride = section.integer("stride", 1, least=1)
    channels = context.channels(source)
    if channels % stride**2:
        section.fail(f"stride={stride} needs a multiple of {stride**2} channels, not {channels}")
    return Reorg(
        **context.common(
            source, channels=channels * stride**2, stride=context.stride(source) * stride
        ),
        stride=stride,
    )


def _route(section: Section, context: LayerContext) -> Layer:
    inputs = tuple(context.resolve(i) for i in section.integers("layers"))
    groups = section.integer("groups", 1, least=1)
    group_id = section.integer("group_id", 0)
    for source in inputs:
        if context.channels(source) % groups:
            section.fail(f"groups={groups} does not divide {context.channels(source)} channels")
    if group_id >= groups:
        section.fail(f"group_id={group_id} must be below groups={groups}")
    return Route(
        **context.common(
            *inputs,
            channels=sum(context.channels(i) for i in inputs) // groups,
            stride=context.joined_stride(inputs),
        ),
        groups=groups,
        group_id=group_id,
    )


def _with_others(section: Section, context: LayerContext) -> tuple[int, ...]:
    """The layer before and those that ``from=`` names."""
    return context.previous(), *(context.resolve(i) for i in section.integers("from"))


def _with_other(section: Section, context: LayerContext) -> tuple[int, int]:
    """The layer before and the one that ``from=`` names."""
    inputs = _with_others(section, context)
    if len(inputs) > 2:
        section.fail("from= names several layers; give one")
    return inputs[0], inputs[1]


def _shortcut(section: Section, context: LayerContext) -> Layer:
    section.only("weights_type", "none", "needs weights, which are not supported")
    section.only("weights_normalization", "none", _NOT_SUPPORTED)
    inputs = _with_others(section, context)
    strides = tuple(context.stride(i) for i in inputs)
    whole = [
        max(s, strides[0]) % min(s, strides[0]) == 0 if s and strides[0] else s == strides[0]
        for s in strides
    ]
    if not all(whole):
        context.joined_stride(inputs)
    return Shortcut(
        **context.common(*inputs),
        activation=section.activation() or "linear",
        in_strides=strides,
    )


def _scale_channels(section: Section, context: LayerContext) -> Layer:
    inputs = _with_other(section, context)
    by_pixel = section.flag("scale_wh")
    factors, channels = (context.channels(i) for i in inputs)
    if by_pixel:
        context.joined_stride(inputs)
    elif context.stride(inputs[0]) != 0:
        section.fail("the layer before has to give one value for a channel; put [avgpool] there")
    if factors != (1 if by_pixel else channels):
        wanted = "one channel" if by_pixel else f"{channels} channels, as many as it multiplies"
        section.fail(f"the layer before has to give {wanted}, and gives {factors}")
    return ScaleChannels(
        **context.common(*inputs, channels=channels, stride=context.stride(inputs[1])),
        activation=section.activation() or "linear",
        by_pixel=by_pixel,
    )


def _sam(section: Section, context: LayerContext) -> Layer:
    inputs = _with_other(section, context)
    channels = [context.channels(i) for i in inputs]
    if channels[0] != channels[1]:
        section.fail(f"multiplies {channels[0]} channels with {channels[1]}; make them equal")
    activation = section.activation() or "linear"
    if activation in ("mish", "silu", "swish"):
        section.fail(f"Darknet does not run activation={activation} here; use another")
    return Sam(
        **context.common(*inputs, stride=context.joined_stride(inputs)),
        activation=activation,
    )


def _dropout(section: Section, context: LayerContext) -> Layer:
    source = context.previous()
    probability = section.real("probability", 0.5)
    if not 0 <= probability < 1:
        section.fail(f"probability={probability} must lie in 0..1")
    return Dropout(
        **context.common(source), extra=section.keep(DROPOUT_TRAINING), probability=probability
    )


def _yolo(section: Section, context: LayerContext) -> Layer:
    source = context.previous()
    classes = section.integer("classes", least=1)
    anchors = _anchors(section)
    mask = section.integers("mask", tuple(range(len(anchors))))
    if not all(0 <= i < len(anchors) for i in mask):
        section.fail(
            f"mask= holds numbers from 0 to {len(anchors) - 1}: there are no other anchors"
        )
    needed = _head_channels(section, context, len(mask), classes)
    return Yolo(
        **context.common(source, channels=needed),
        extra=section.keep(YOLO_TRAINING),
        mask=mask,
        all_anchors=anchors,
        classes=classes,
        scale_x_y=section.real("scale_x_y", 1.0),
        new_coords=section.flag("new_coords"),
    )


def _region(section: Section, context: LayerContext) -> Layer:
    supported = {"coords": "4", "background": "0", "log": "1", "sqrt": "1", "absolute": "1"}
    for key, value in supported.items():
        section.only(key, value, _NOT_SUPPORTED)
    for key in ("tree", "map"):
        section.only(key, "", "needs a tree of classes, which is not supported")
    source = context.previous()
    classes = section.integer("classes", 20, least=1)
    anchors = _anchors(section)
    return RegionHead(
        **context.common(source, channels=_head_channels(section, context, len(anchors), classes)),
        extra=section.keep(REGION_TRAINING),
        cell_anchors=anchors,
        classes=classes,
        softmax=section.flag("softmax"),
    )


def _anchors(section: Section) -> tuple[tuple[float, float], ...]:
    numbers = section.reals("anchors")
    if len(numbers) % 2 or min(numbers) <= 0:
        section.fail("anchors= holds pairs of positive numbers: width,height, width,height, ...")
    anchors = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    num = section.integer("num", len(anchors), least=1)
    if num > len(anchors):
        section.fail(f"num={num}, but anchors= holds only {len(anchors)} pairs")
    return anchors[:num]


def _head_channels(section: Section, context: LayerContext, anchors: int, classes: int) -> int:
    needed = anchors * (5 + classes)
    given = context.channels(context.previous())
    if given != needed:
        section.fail(
            f"{anchors} anchors x (5 + {classes} classes) need {needed} channels, "
            f"but the layer before gives {given}"
        )
    return needed


READERS: dict[str, Callable[[Section, LayerContext], Layer]] = {
    "avgpool": _avgpool,
    "convolutional": _convolutional,
    "dropout": _dropout,
    "maxpool": _maxpool,
    "region": _region,
    "reorg": _reorg,
    "route": _route,
    "sam": _sam,
    "scale_channels": _scale_channels,
    "shortcut": _shortcut,
    "upsample": _upsample,
    "yolo": _yolo,
}
