"""Darknet cfg files: read, check, describe, write.

The reader supports YOLO v2 to v4 and their small variants. Anything else is refused with file, line
and section: silently ignoring a key could change what the network computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lpr.darknet.keys import LAYER_TRAINING
from lpr.darknet.layer_builders import READERS, LayerContext, net
from lpr.darknet.layers import (
    HEADS,
    MAX_SIDE,
    PICTURE,
    PICTURE_CHANNELS,
    Convolutional,
    Layer,
    Net,
    Options,
    RegionHead,
    ScaleChannels,
    Yolo,
)
from lpr.darknet.sections import split
from lpr.errors import ModelError
from lpr.utils.files import read_model_file

Shape = tuple[int, int, int]
"""Channels, height, width."""


@dataclass(frozen=True, slots=True)
class Cfg:
    """A validated network description; ``name`` is that of the file, for messages."""

    net: Net
    layers: tuple[Layer, ...]
    name: str = field(default="cfg", compare=False)

    @property
    def heads(self) -> tuple[Yolo | RegionHead, ...]:
        """The ``[yolo]`` and ``[region]`` sections in order; each one's ``inputs[0]`` is the raw
        head's layer."""
        return tuple(layer for layer in self.layers if isinstance(layer, HEADS))

    @property
    def convolutions(self) -> tuple[Convolutional, ...]:
        """The layers that have weights, in the order of a ``.weights`` file."""
        return tuple(layer for layer in self.layers if isinstance(layer, Convolutional))

    def with_size(self, width: int, height: int) -> Cfg:
        """Return the network with another default input size; raises as :meth:`check_size`."""
        self.check_size(width, height)
        return replace(self, net=replace(self.net, width=width, height=height))

    def check_size(self, width: int, height: int) -> None:
        """Raise :class:`ModelError` unless a ``width x height`` input runs through the network.

        The message names the sections that do not fit and the nearest sizes that do.
        """
        if max(width, height) > MAX_SIDE:
            raise ModelError(
                f"{self.name}: input size {width}x{height} is more than the supported {MAX_SIDE} "
                "pixels a side"
            )
        problem = self._axis_problem("width", width) or self._axis_problem("height", height)
        if problem is None:
            return
        widths, heights = self._nearest(width), self._nearest(height)
        sizes = dict.fromkeys(f"{w}x{h}" for w, h in zip(widths, heights, strict=True))
        advice = f"the nearest that fit: {' and '.join(sizes)}" if sizes else "no size near it fits"
        raise ModelError(
            f"{self.name}: input size {width}x{height} does not fit: {problem}; {advice}"
        )

    @property
    def stride(self) -> int:
        """Every multiple of it, in pixels, is a width and height that fit the network."""
        return max((layer.out_stride for layer in self.layers), default=1) or 1

    def shapes(self, width: int, height: int) -> tuple[Shape, ...]:
        """Each layer's output as (channels, height, width); raises as :meth:`check_size`."""
        self.check_size(width, height)
        widths, heights = self._extents(width), self._extents(height)
        return tuple(
            (layer.out_channels, h, w)
            for layer, h, w in zip(self.layers, heights, widths, strict=True)
        )

    def bflops(self, width: int, height: int) -> float:
        """Billions of floating-point operations per picture: two per multiplication of a
        convolution, as Darknet counts them."""
        total = 0
        for layer, (_, h, w) in zip(self.layers, self.shapes(width, height), strict=True):
            if isinstance(layer, Convolutional):
                filters, channels, size, _ = layer.weight_shape
                total += 2 * filters * channels * size * size * h * w
        return total / 1e9

    def to_text(self) -> str:
        """The cfg as text with absolute indices; :func:`parse` returns an equal Cfg."""
        size = {"width": self.net.width, "height": self.net.height, "channels": PICTURE_CHANNELS}
        sections = [_section_text("net", size, self.net.extra)]
        sections += [_section_text(each.kind, each.options(), each.extra) for each in self.layers]
        return "\n".join(sections)

    def _extents(self, length: int) -> list[int]:
        result: list[int] = []
        for layer in self.layers:
            inputs = [length if i == PICTURE else result[i] for i in layer.inputs]
            result.append(layer.extent(*inputs))
        return result

    def _axis_problem(self, axis: str, length: int) -> str | None:
        if length <= 0:
            return f"{axis} {length} is not positive"
        extents = self._extents(length)
        for layer, extent in zip(self.layers, extents, strict=True):
            inputs = [length if i == PICTURE else extents[i] for i in layer.inputs]
            if min(inputs) <= 0 or extent <= 0:
                return f"{layer} (line {layer.line}) has no pixels left"
            # Factors of whole channels have no extent.
            by_channel = isinstance(layer, ScaleChannels) and not layer.by_pixel
            joined = inputs[1:] if by_channel else layer.on_one_grid(*inputs)
            if len(set(joined)) > 1:
                parts = " with ".join(
                    f"{self.layers[i] if i != PICTURE else 'the picture'} ({axis} {n})"
                    for i, n in zip(layer.inputs, inputs, strict=True)
                )
                return f"{layer} (line {layer.line}) cannot join {parts}"
        for head in self.heads:
            if head.out_stride and length % head.out_stride:
                return (
                    f"{head} (line {head.line}) has stride {head.out_stride}: "
                    f"{axis} {length} / {head.out_stride} is not whole"
                )
        return None

    def _nearest(self, length: int) -> tuple[int, ...]:
        """The nearest lengths below and above that fit; both are ``length`` if it fits."""
        reach = 2 * max((layer.out_stride for layer in self.layers), default=1) + 64

        def first(lengths: Iterable[int]) -> int | None:
            return next((n for n in lengths if self._axis_problem("", n) is None), None)

        below = first(range(length, max(0, length - reach), -1))
        above = first(range(max(1, length), max(1, length) + reach))
        if below is None or above is None:
            found = above if below is None else below
            return () if found is None else (found, found)
        return below, above


def read_cfg(path: Path) -> Cfg:
    """Read a cfg file; raises :class:`ModelError` if it is missing or not supported."""
    return parse(read_model_file(path).decode("utf-8-sig", "replace"), name=str(path))


def parse(text: str, name: str = "cfg") -> Cfg:
    """Parse and validate a cfg; ``name`` is for messages.

    Raises :class:`ModelError` with line and section for unknown sections and keys, bad numbers,
    missing keys, invalid references and unsupported features.
    """
    sections = split(text, name)
    if not sections or sections[0].kind != "net":
        raise ModelError(f"{name}:1: a cfg starts with a [net] section")
    network = net(sections[0])
    layers: list[Layer] = []
    for section in sections[1:]:
        reader = READERS.get(section.kind)
        if reader is None:
            section.fail(f"this section is not supported; supported are {', '.join(READERS)}")
        general = section.keep(LAYER_TRAINING)
        layer = reader(section, LayerContext(section, layers))
        section.finish()
        layers.append(replace(layer, extra=(*layer.extra, *general)))
    if not any(isinstance(layer, HEADS) for layer in layers):
        raise ModelError(
            f"{name}: no [yolo] or [region] section, so nothing is detected; add a detection head"
        )
    return Cfg(network, tuple(layers), name)


def _section_text(kind: str, options: Mapping[str, object], extra: Options) -> str:
    lines = (f"{key}={value}\n" for key, value in (*options.items(), *extra))
    return "".join((f"[{kind}]\n", *lines))
