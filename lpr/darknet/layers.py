"""The sections of a Darknet cfg as data: one class per kind, each with its output size.

Heights and widths never mix in a Darknet network, so a layer describes one axis at a time:
:meth:`Layer.extent` maps the lengths of its inputs along an axis to the length of its output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

PICTURE = -1
"""The index of the network's input among a layer's ``inputs``."""

PICTURE_CHANNELS = 3

MAX_SIDE = 16_384
"""The longest side of an input, in pixels."""

ACTIVATIONS = (
    *("elu", "gelu", "hard_mish", "hardtan", "leaky", "lhtan", "linear", "loggy", "logistic"),
    *("mish", "plse", "ramp", "relie", "relu", "relu6", "selu", "silu", "stair", "swish", "tanh"),
)
"""Darknet's activations by their names; ``silu`` is an alias of ``swish``."""

LEAKY_SLOPE = 0.1
SELU_ALPHA, SELU_SCALE = 1.6732, 1.0507
"""SELU's constants as Darknet rounds them."""
BATCH_NORM_EPSILON = 1e-6
"""Added to the variance, as by Darknet and OpenCV's importer."""

Options: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """``[net]``: the default input size in pixels; ``extra`` keeps the training keys as text."""

    width: int
    height: int
    extra: Options = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A section of a cfg.

    ``index`` counts sections from 0 without ``[net]``; ``inputs`` are absolute indices
    (:data:`PICTURE` for the network's input). ``out_channels`` and ``out_stride`` describe the
    output: pixels of the network's input per output pixel, 0 behind ``[avgpool]``, where no
    grid is left. ``extra`` keeps keys that only matter to Darknet's training.
    """

    kind: ClassVar[str]

    index: int
    inputs: tuple[int, ...]
    out_channels: int
    out_stride: int
    extra: Options = ()
    line: int = field(default=0, compare=False)

    def extent(self, *lengths: int) -> int:
        """The output length along one axis for the lengths of the inputs."""
        return lengths[0]

    def on_one_grid(self, *lengths: int) -> tuple[int, ...]:
        """The lengths of the inputs along one axis as the layer joins them: all equal if it can."""
        return lengths

    def options(self) -> dict[str, object]:
        """The section's own keys and values in a cfg, in its order."""
        return {}

    def __str__(self) -> str:
        return f"section {self.index} [{self.kind}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolutional(Layer):
    """Convolution, batch normalization or bias, activation. ``padding`` is on every side."""

    kind: ClassVar[str] = "convolutional"

    in_channels: int
    size: int
    stride: int
    padding: int
    groups: int
    activation: str
    batch_normalize: bool
    dilation: int = 1

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        return self.out_channels, self.in_channels // self.groups, self.size, self.size

    def extent(self, *lengths: int) -> int:
        seen = self.dilation * (self.size - 1) + 1
        return (lengths[0] + 2 * self.dilation * self.padding - seen) // self.stride + 1

    def options(self) -> dict[str, object]:
        padded = {"pad": 1} if self.padding == self.size // 2 else {"padding": self.padding}
        return {
            "batch_normalize": int(self.batch_normalize),
            "filters": self.out_channels,
            "size": self.size,
            "stride": self.stride,
            **padded,
            "groups": self.groups,
            **({"dilation": self.dilation} if self.dilation > 1 else {}),
            "activation": self.activation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Layer):
    """Maximum over ``size x size``; ``padding`` is that of both sides, an odd pixel at the end."""

    kind: ClassVar[str] = "maxpool"

    size: int
    stride: int
    padding: int

    def extent(self, *lengths: int) -> int:
        return (lengths[0] + self.padding - self.size) // self.stride + 1

    def options(self) -> dict[str, object]:
        return {"size": self.size, "stride": self.stride, "padding": self.padding}


@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPool(Layer):
    """The mean of each channel over the whole picture: ``C x 1 x 1``."""

    kind: ClassVar[str] = "avgpool"

    def extent(self, *lengths: int) -> int:
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsample(Layer):
    """Nearest-neighbour upsampling by ``stride``; values are multiplied by ``scale``."""

    kind: ClassVar[str] = "upsample"

    stride: int
    scale: float = 1.0

    def extent(self, *lengths: int) -> int:
        return lengths[0] * self.stride

    def options(self) -> dict[str, object]:
        return {"stride": self.stride} | ({"scale": self.scale} if self.scale != 1 else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorg(Layer):
    """Space to depth as Darknet does it: ``C x H x W`` becomes ``C*s*s x H/s x W/s``.

    Not channel by channel: the input's memory is read as ``C/s/s x H*s x W*s``, of which each
    ``s x s`` block gives one pixel of ``s * s`` groups of channels, and the result's memory as the
    output. YOLOv2's weights were trained with it, and both well-known forks of Darknet have it.
    """

    kind: ClassVar[str] = "reorg"

    stride: int

    def extent(self, *lengths: int) -> int:
        return lengths[0] // self.stride

    def options(self) -> dict[str, object]:
        return {"stride": self.stride}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Layer):
    """Concatenation of group ``group_id`` of ``groups`` of each layer's channels."""

    kind: ClassVar[str] = "route"

    groups: int
    group_id: int

    def options(self) -> dict[str, object]:
        part = {"groups": self.groups, "group_id": self.group_id} if self.groups > 1 else {}
        return {"layers": ", ".join(map(str, self.inputs)), **part}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut(Layer):
    """Sum of layers with the channels of the first. Of each other layer, the channels that both
    have are added.

    ``in_strides`` are the strides of the inputs. Of a layer with a smaller stride than the first,
    every n-th row and column is added; one with a larger stride is added to every n-th row and
    column (Darknet's ``shortcut_cpu``).
    """

    kind: ClassVar[str] = "shortcut"

    activation: str
    in_strides: tuple[int, ...]

    def ratios(self) -> tuple[tuple[int, int], ...]:
        """For each layer but the first: take every n-th pixel, and spread it n pixels apart."""
        first = max(self.in_strides[0], 1)
        others = (max(stride, 1) for stride in self.in_strides[1:])
        return tuple((max(first // each, 1), max(each // first, 1)) for each in others)

    def on_one_grid(self, *lengths: int) -> tuple[int, ...]:
        others = [
            length // taken if length % taken == 0 else length
            for length, (taken, _) in zip(lengths[1:], self.ratios(), strict=True)
        ]
        spread = [n * apart for n, (_, apart) in zip(others, self.ratios(), strict=True)]
        return lengths[0], *spread

    def options(self) -> dict[str, object]:
        sources = ", ".join(map(str, self.inputs[1:]))
        return {"from": sources, "activation": self.activation}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleChannels(Layer):
    """The second layer, each channel scaled by the first layer's value for it (squeeze and
    excitation); with ``by_pixel``, each pixel scaled by the first layer's single channel."""

    kind: ClassVar[str] = "scale_channels"

    activation: str
    by_pixel: bool

    def extent(self, *lengths: int) -> int:
        return lengths[1]

    def options(self) -> dict[str, object]:
        by = {"scale_wh": 1} if self.by_pixel else {}
        return {"from": self.inputs[1], **by, "activation": self.activation}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sam(Layer):
    """Product of two layers of the same shape (spatial attention)."""

    kind: ClassVar[str] = "sam"

    activation: str

    def options(self) -> dict[str, object]:
        return {"from": self.inputs[1], "activation": self.activation}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout(Layer):
    """The identity, except in training."""

    kind: ClassVar[str] = "dropout"

    probability: float

    def options(self) -> dict[str, object]:
        return {"probability": self.probability}


@dataclass(frozen=True, slots=True, kw_only=True)
class Yolo(Layer):
    """A detection head: describes its input, ``A*(5+classes)`` channels of raw values.

    ``all_anchors`` are the section's (width, height) pairs in pixels of the network's input;
    ``mask`` selects those that this head uses: its ``anchors``. ``new_coords`` is the
    encoding of Scaled-YOLOv4, whose values have passed a logistic activation.
    """

    kind: ClassVar[str] = "yolo"

    mask: tuple[int, ...]
    all_anchors: tuple[tuple[float, float], ...]
    classes: int
    scale_x_y: float
    new_coords: bool = False

    @property
    def anchors(self) -> tuple[tuple[float, float], ...]:
        """The (width, height) of this head's anchors, in the order of its channels."""
        return tuple(self.all_anchors[i] for i in self.mask)

    def options(self) -> dict[str, object]:
        return {
            "mask": ",".join(map(str, self.mask)),
            "anchors": _pairs(self.all_anchors),
            "classes": self.classes,
            "num": len(self.all_anchors),
            "scale_x_y": self.scale_x_y,
            **({"new_coords": 1} if self.new_coords else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionHead(Layer):
    """YOLOv2's detection head: as :class:`Yolo`, but ``cell_anchors`` are in cells of its grid, and
    with ``softmax`` a box has exactly one class."""

    kind: ClassVar[str] = "region"

    cell_anchors: tuple[tuple[float, float], ...]
    classes: int
    softmax: bool

    @property
    def anchors(self) -> tuple[tuple[float, float], ...]:
        """The (width, height) of the anchors in pixels of the network's input."""
        return tuple((w * self.out_stride, h * self.out_stride) for w, h in self.cell_anchors)

    def options(self) -> dict[str, object]:
        return {
            "anchors": _pairs(self.cell_anchors),
            "num": len(self.cell_anchors),
            "classes": self.classes,
            "softmax": int(self.softmax),
        }


HEADS = (Yolo, RegionHead)


def _pairs(anchors: tuple[tuple[float, float], ...]) -> str:
    numbers = ([int(n) if n == int(n) else n for n in pair] for pair in anchors)
    return ", ".join(f"{width},{height}" for width, height in numbers)
