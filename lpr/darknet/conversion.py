"""Detectors as ONNX files: Darknet's are converted once and kept in a cache by their hash."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import NamedTuple

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.weights import Weights, read_weights
from lpr.errors import ModelError
from lpr.specs import DetectorModel
from lpr.utils.files import cache_folder, write_atomically

log = logging.getLogger("lpr")

# Rises when the same network is converted into something else than before.
_CONVERTER = 2
_SUFFIX = ".onnx"


class OnnxNetwork(NamedTuple):
    """A detector's network as the content of an ONNX file; ``heads`` are its outputs' names."""

    cfg: Cfg
    data: bytes
    heads: list[str]


def network_of(model: DetectorModel) -> OnnxNetwork:
    """A detector's network as an ONNX file, whatever the format of its own.

    Raises :class:`lpr.errors.ModelError` where a file cannot be read, does not belong to the cfg,
    or the spec's input size does not fit.
    """
    cfg = read_cfg(model.cfg)
    cfg.check_size(model.spec.width, model.spec.height)
    if model.format != "onnx":
        names = [f"head_{number}" for number in range(len(cfg.heads))]
        return OnnxNetwork(cfg, converted(cfg, read_weights(model.weights, cfg)), names)
    from lpr.darknet.onnx_heads import head_names

    try:
        data = model.weights.read_bytes()
    except OSError as error:
        raise ModelError(f"{model.weights}: cannot be read ({error.strerror})") from error
    return OnnxNetwork(cfg, data, head_names(data, cfg, model))


def converted(cfg: Cfg, weights: Weights) -> bytes:
    """The network as the content of an ONNX file (:func:`lpr.darknet.onnx.to_onnx`), from the cache
    where it has been converted before.

    A file in the cache bears the hash of its own content: one that was damaged is made again. Where
    the cache cannot be written, the network is converted each time.
    """
    folder = cache_folder()
    source = hashlib.sha256(cfg.to_text().encode() + weights.to_bytes()).hexdigest()
    key = f"{source}-{_CONVERTER}"
    kept = _kept(folder, key)
    if kept is not None:
        return kept
    from lpr.darknet.onnx import to_onnx

    data: bytes = to_onnx(cfg, weights).SerializeToString()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(folder / _name(key, data)) as part:
            part.write_bytes(data)
    except OSError as error:
        log.warning("%s: the converted network cannot be kept (%s)", folder, error.strerror)
    return data


def _kept(folder: Path, key: str) -> bytes | None:
    for file in sorted(folder.glob(f"{key}-*{_SUFFIX}")):
        try:
            data = file.read_bytes()
        except OSError:
            continue
        if file.name == _name(key, data):
            return data
        log.warning("%s is damaged and is made again", file)
    return None


def _name(key: str, data: bytes) -> str:
    return f"{key}-{hashlib.sha256(data).hexdigest()}{_SUFFIX}"
