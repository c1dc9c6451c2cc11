"""Detectors as ONNX files: Darknet's are converted once and cached by their hash."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import NamedTuple

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.weights import Weights, read_weights
from lpr.specs import DetectorModel
from lpr.utils.files import cache_folder, read_model_file, write_atomically

log = logging.getLogger("lpr")

_CONVERTER = 2  # Part of the cache key; incremented when the conversion changes
_SUFFIX = ".onnx"


class OnnxNetwork(NamedTuple):
    """The content of an ONNX file; ``heads`` are the names of its outputs."""

    cfg: Cfg
    data: bytes
    heads: list[str]


def network_of(model: DetectorModel) -> OnnxNetwork:
    """Return a detector's network as ONNX, converted if necessary.

    Raises :class:`lpr.errors.ModelError` if a file cannot be read or does not match the cfg, or if
    the spec's input size does not fit.
    """
    cfg = read_cfg(model.cfg)
    cfg.check_size(model.spec.width, model.spec.height)
    if model.format != "onnx":
        names = [f"head_{number}" for number in range(len(cfg.heads))]
        return OnnxNetwork(cfg, converted(cfg, read_weights(model.weights, cfg)), names)
    from lpr.darknet.onnx_heads import head_names

    data = read_model_file(model.weights)
    return OnnxNetwork(cfg, data, head_names(data, cfg, model))


def converted(cfg: Cfg, weights: Weights) -> bytes:
    """Return the network as the content of an ONNX file (:func:`lpr.darknet.onnx.to_onnx`).

    Uses the cache. The name of a cached file holds the hash of its content, so that a damaged file
    is noticed and replaced. Without a writable cache the network is converted each time.
    """
    folder = cache_folder()
    source = hashlib.sha256(cfg.to_text().encode() + weights.to_bytes()).hexdigest()
    key = f"{source}-{_CONVERTER}"
    cached = _cached(folder, key)
    if cached is not None:
        return cached
    from lpr.darknet.onnx import to_onnx

    data: bytes = to_onnx(cfg, weights).SerializeToString()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(folder / _name(key, data)) as part:
            part.write_bytes(data)
    except OSError as error:
        log.warning("%s: the converted network cannot be cached (%s)", folder, error.strerror)
    return data


def _cached(folder: Path, key: str) -> bytes | None:
    for file in sorted(folder.glob(f"{key}-*{_SUFFIX}")):
        try:
            data = file.read_bytes()
        except OSError:
            continue
        if file.name == _name(key, data):
            return data
        log.warning("%s is damaged and is replaced", file)
    return None


def _name(key: str, data: bytes) -> str:
    return f"{key}-{hashlib.sha256(data).hexdigest()}{_SUFFIX}"
