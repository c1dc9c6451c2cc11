"""Darknet ``.weights`` files: read, check, write.

The layout: int32 major, minor, revision; the pictures seen in training as int64 (int32 in versions
before 0.2); then for each ``[convolutional]`` in the cfg's order biases (n), with batch
normalization scales, means and variances (n each), then weights (n, c/groups, k, k). All numbers
are little-endian, the arrays float32.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import BATCH_NORM_EPSILON, Convolutional
from lpr.errors import ModelError
from lpr.types import Float32
from lpr.utils.files import read_model_file, write_atomically

VERSION = (0, 2, 5)


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """One convolution's statistics, ``n`` values each: ``(x - mean) / sqrt(variance + 1e-6)``."""

    scales: Float32
    means: Float32
    variances: Float32


@dataclass(frozen=True, slots=True)
class Convolution:
    """A ``[convolutional]`` layer: n ``biases`` and ``n x c/groups x k x k`` ``weights``."""

    biases: Float32
    weights: Float32
    batch_norm: BatchNorm | None = None

    def folded(self) -> tuple[Float32, Float32]:
        """The weights and biases with batch normalization folded in."""
        norm = self.batch_norm
        if norm is None:
            return self.weights, self.biases
        factor = norm.scales / np.sqrt(norm.variances.astype(np.float64) + BATCH_NORM_EPSILON)
        weights = self.weights * factor[:, None, None, None]
        biases = self.biases - norm.means * factor
        return weights.astype(np.float32), biases.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a network: one entry per layer of ``Cfg.convolutions``, in order."""

    convolutions: tuple[Convolution, ...]
    seen: int = 0

    def to_bytes(self) -> bytes:
        """The content of a ``.weights`` file."""
        parts = [struct.pack("<iiiq", *VERSION, self.seen)]
        for convolution in self.convolutions:
            parts += [np.ascontiguousarray(a, "<f4").tobytes() for a in _arrays(convolution)]
        return b"".join(parts)

    def save(self, path: Path) -> None:
        """Write a ``.weights`` file atomically."""
        with write_atomically(path) as part:
            part.write_bytes(self.to_bytes())


def read_weights(path: Path, cfg: Cfg) -> Weights:
    """Read the weights of ``cfg``.

    Raises :class:`ModelError` if the file is missing, its length does not match the cfg, or it
    holds values that are not finite.
    """
    return parse_weights(read_model_file(path), cfg, name=str(path))


def parse_weights(data: bytes, cfg: Cfg, name: str = "weights") -> Weights:
    """As :func:`read_weights`, from the bytes of a file; ``name`` is for messages."""
    seen, start = _header(data, name)
    expected = start + 4 * sum(_count(layer) for layer in cfg.convolutions)
    if len(data) != expected:
        what = "truncated, or belongs" if len(data) < expected else "too long: it belongs"
        raise ModelError(
            f"{name}: {what} to another cfg: {cfg.name} needs {expected} bytes, "
            f"the file has {len(data)}; get the file that was made with this cfg again"
        )
    values = np.frombuffer(data, "<f4", offset=start).astype(np.float32)
    convolutions = []
    position = 0
    for layer in cfg.convolutions:
        count = _count(layer)
        convolutions.append(_convolution(layer, values[position : position + count], name))
        position += count
    return Weights(tuple(convolutions), seen)


def _header(data: bytes, name: str) -> tuple[int, int]:
    """Return the number of pictures seen in training, and the header's length."""
    try:
        major, minor, _ = struct.unpack_from("<iii", data)
        form = "<q" if major * 10 + minor >= 2 else "<i"
        (seen,) = struct.unpack_from(form, data, 12)
    except struct.error as error:
        raise ModelError(
            f"{name}: {len(data)} bytes are no Darknet weights; get the file again"
        ) from error
    if not (0 <= major <= 1000 and 0 <= minor <= 1000):
        raise ModelError(
            f"{name}: version {major}.{minor} in its header is not one of Darknet's (or stands for "
            "transposed weights, which are not supported); get the file again"
        )
    return seen, 12 + struct.calcsize(form)


def _count(layer: Convolutional) -> int:
    filters, channels, size, _ = layer.weight_shape
    return filters * channels * size * size + filters * (4 if layer.batch_normalize else 1)


def _convolution(layer: Convolutional, values: Float32, name: str) -> Convolution:
    if not np.isfinite(values).all():
        raise ModelError(
            f"{name}: the weights of {layer} hold values that are no finite numbers; "
            "the file is damaged, or its training diverged"
        )
    n = layer.out_channels
    biases, rest = values[:n], values[n:]
    norm = None
    if layer.batch_normalize:
        norm = BatchNorm(rest[:n], rest[n : 2 * n], rest[2 * n : 3 * n])
        rest = rest[3 * n :]
        if (norm.variances < 0).any():
            raise ModelError(f"{name}: {layer} has variances below zero; the file is damaged")
    return Convolution(biases, rest.reshape(layer.weight_shape), norm)


def _arrays(convolution: Convolution) -> Sequence[Float32]:
    norm = convolution.batch_norm
    if norm is None:
        return convolution.biases, convolution.weights
    return convolution.biases, norm.scales, norm.means, norm.variances, convolution.weights
