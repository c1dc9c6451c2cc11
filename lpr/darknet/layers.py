"""The sections of a Darknet cfg as data: one class per kind, each knowing the size it gives.

Heights and widths never mix in a Darknet network, so a layer describes one axis at a time:
:meth:`Layer.extent` maps the lengths of its inputs along an axis to the length of its output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

PICTURE = -1
"""The index that stands for the network's input among a layer's ``inputs``."""

PICTURE_CHANNELS = 3

ACTIVATIONS = ("leaky", "linear", "logistic", "mish", "relu", "silu", "swish", "tanh")
"""Those that OpenCV's Darknet importer runs; ``silu`` is another name of ``swish``."""

LEAKY_SLOPE = 0.1
BATCH_NORM_EPSILON = 1e-6
"""Darknet's, added to the variance; also what OpenCV's importer uses."""

Options: TypeAlias = tuple[tuple[str, str], ...]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """``[net]``: the default input size in pixels; ``extra`` keeps the training keys as text."""

    width: int
    height: int
    extra: Options = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What every section has.

    ``index`` counts sections from 0 without ``[net]``; ``inputs`` are absolute indices
    (:data:`PICTURE` for the network's input). ``out_channels`` and ``out_stride`` describe the
    output: pixels of the network's input per output pixel, 0 where nothing of the grid is left
    (behind ``[avgpool]``). ``extra`` keeps keys that only matter to Darknet's training.
    """

    kind: ClassVar[str]

    index: int
    inputs: tuple[int, ...]
    out_channels: int
    out_stride: int
    extra: Options = ()
    line: int = field(default=0, compare=False)

    def extent(self, *lengths: int) -> int:
        """Output length along one axis, given those of the inputs."""
        return lengths[0]

    def options(self) -> Options:
        """The section's own keys and values, as they stand in a cfg."""
        return ()

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

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        return self.out_channels, self.in_channels // self.groups, self.size, self.size

    def extent(self, *lengths: int) -> int:
        return (lengths[0] + 2 * self.padding - self.size) // self.stride + 1

    def options(self) -> Options:
        padded = ("pad", "1") if self.padding == self.size // 2 else ("padding", str(self.padding))
        return (
            ("batch_normalize", str(int(self.batch_normalize))),
            ("filters", str(self.out_channels)),
            ("size", str(self.size)),
            ("stride", str(self.stride)),
            padded,
            ("groups", str(self.groups)),
            ("activation", self.activation),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Layer):
    """Maximum over ``size x size``; ``padding`` is both sides together, the odd one at the end."""

    kind: ClassVar[str] = "maxpool"

    size: int
    stride: int
    padding: int

    def extent(self, *lengths: int) -> int:
        return (lengths[0] + self.padding - self.size) // self.stride + 1

    def options(self) -> Options:
        return (
            ("size", str(self.size)),
            ("stride", str(self.stride)),
            ("padding", str(self.padding)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPool(Layer):
    """The mean of each channel over the whole picture: ``C x 1 x 1``."""

    kind: ClassVar[str] = "avgpool"

    def extent(self, *lengths: int) -> int:
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsample(Layer):
    """Nearest neighbour: every pixel becomes ``stride x stride`` pixels."""

    kind: ClassVar[str] = "upsample"

    stride: int

    def extent(self, *lengths: int) -> int:
        return lengths[0] * self.stride

    def options(self) -> Options:
        return (("stride", str(self.stride)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Layer):
    """Concatenation along the channels, or part ``group_id`` of ``groups`` of a single layer."""

    kind: ClassVar[str] = "route"

    groups: int
    group_id: int

    def options(self) -> Options:
        layers = (("layers", ", ".join(map(str, self.inputs))),)
        if self.groups == 1:
            return layers
        return (*layers, ("groups", str(self.groups)), ("group_id", str(self.group_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut(Layer):
    """Sum of two layers; the output has the first one's channels, and of the second one's
    channels as many as both have are added to it."""

    kind: ClassVar[str] = "shortcut"

    activation: str

    def options(self) -> Options:
        return ("from", str(self.inputs[1])), ("activation", self.activation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sam(Layer):
    """Product of two layers of the same shape (spatial attention)."""

    kind: ClassVar[str] = "sam"

    activation: str

    def options(self) -> Options:
        return ("from", str(self.inputs[1])), ("activation", self.activation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout(Layer):
    """Passes its input through, except while training."""

    kind: ClassVar[str] = "dropout"

    probability: float

    def options(self) -> Options:
        return (("probability", repr(self.probability)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Yolo(Layer):
    """A detection head: says how to read its input, ``A*(5+classes)`` channels of raw values.

    ``all_anchors`` are the section's (width, height) pairs in pixels of the network's input;
    ``mask`` selects those that this head uses: its ``anchors``.
    """

    kind: ClassVar[str] = "yolo"

    mask: tuple[int, ...]
    all_anchors: tuple[tuple[float, float], ...]
    classes: int
    scale_x_y: float

    @property
    def anchors(self) -> tuple[tuple[float, float], ...]:
        """The (width, height) of this head's anchors, in the order of its channels."""
        return tuple(self.all_anchors[i] for i in self.mask)

    def options(self) -> Options:
        return (
            ("mask", ",".join(map(str, self.mask))),
            ("anchors", ", ".join(f"{_number(w)},{_number(h)}" for w, h in self.all_anchors)),
            ("classes", str(self.classes)),
            ("num", str(len(self.all_anchors))),
            ("scale_x_y", repr(self.scale_x_y)),
        )
