"""Networks and their weights in one safetensors file whose metadata describes it.

The file's metadata has one entry, ``lpr``: JSON with the ``kind`` of the network, its ``config``
and, for recognizers, the ``spec`` (:class:`lpr.specs.CtcSpec`) or, for detectors, the Darknet
``cfg``. Nothing in it is executed, unlike in a pickle. Numbers may be stored in half precision;
networks compute in single precision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lpr.darknet.cfg import parse
from lpr.errors import ModelError
from lpr.specs import CtcSpec, InputShape
from lpr.utils.files import write_atomically
from lpr_torch.darknet import DarknetNet
from lpr_torch.plain import CtcNet, Shape
from lpr_torch.resnet_gru import ResNetGru, ResNetGruNet

Config = Shape | ResNetGru

_KEY = "lpr"
_KINDS: dict[str, type[Shape] | type[ResNetGru]] = {"plain": Shape, "resnet-gru": ResNetGru}


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A recognizer with its configuration and spec."""

    network: nn.Module
    config: Config
    spec: CtcSpec


@dataclass(frozen=True, slots=True)
class Detector:
    """A Darknet detector, and how pictures are fitted to its input."""

    network: DarknetNet
    resize: InputShape


def recognizer_network(config: Config, spec: CtcSpec) -> nn.Module:
    """The network of ``config`` for the crops and classes of ``spec``, with random weights."""
    if isinstance(config, Shape):
        return CtcNet(config, (spec.width, spec.height), spec.planes, spec.classes)
    return ResNetGruNet(config, (spec.width, spec.height), spec.classes)


def save_recognizer(recognizer: Recognizer, file: Path, half: bool = False) -> None:
    """Write a recognizer; with ``half``, in half precision."""
    (kind,) = (name for name, cls in _KINDS.items() if isinstance(recognizer.config, cls))
    about = {"kind": kind, "config": asdict(recognizer.config), "spec": asdict(recognizer.spec)}
    _save(recognizer.network, about, file, half)


def load_recognizer(file: Path) -> Recognizer:
    """Read a file of :func:`save_recognizer`.

    Raises :class:`lpr.errors.ModelError` for a file that is missing, damaged, or holds no
    recognizer, or weights that do not match its config.
    """
    about, weights = _read(file)
    kind = _KINDS.get(about["kind"])
    if kind is None:
        known = ", ".join(_KINDS)
        raise ModelError(f"{file}: holds a {about['kind']} network, not a recognizer ({known})")
    try:
        config = kind(**{name: _frozen(value) for name, value in about["config"].items()})
        spec = CtcSpec(**about["spec"])
        network = recognizer_network(config, spec)
    except (TypeError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{file}: its config is not that of a {about['kind']} network: {error}"
        ) from error
    _fill(network, weights, file)
    return Recognizer(network.eval(), config, spec)


def save_detector(detector: Detector, file: Path) -> None:
    """Write a Darknet detector with its cfg."""
    network = detector.network
    about = {
        "kind": "darknet",
        "cfg": network.cfg.to_text(),
        "resize": detector.resize,
        "seen": network.seen,
    }
    _save(network, about, file)


def load_detector(file: Path) -> Detector:
    """Read a file of :func:`save_detector`; raises as :func:`load_recognizer`."""
    about, weights = _read(file)
    resize = about.get("resize", "fit")
    if about["kind"] != "darknet" or resize not in get_args(InputShape):
        raise ModelError(f"{file}: holds a {about['kind']} network, not a Darknet detector")
    network = DarknetNet(parse(str(about.get("cfg", "")), name=str(file)))
    _fill(network, weights, file)
    network.seen = int(about.get("seen", 0))
    return Detector(network.eval(), resize)


def kind_of(file: Path) -> str:
    """``darknet`` or a recognizer's kind; raises :class:`lpr.errors.ModelError`."""
    return str(_read(file)[0]["kind"])


def _save(network: nn.Module, about: Mapping[str, Any], file: Path, half: bool = False) -> None:
    weights = {
        name: (value.half() if half and value.is_floating_point() else value).contiguous().cpu()
        for name, value in network.state_dict().items()
    }
    with write_atomically(file) as part:
        part.write_bytes(save(weights, {_KEY: json.dumps(about)}))


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(file, framework="pt") as content:
            metadata = content.metadata() or {}
            weights = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        about = json.loads(metadata[_KEY])
        about["kind"]
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file}: not a safetensors file that can be read ({error})") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: does not say which of lpr's networks it holds") from error
    return about, weights


def _fill(network: nn.Module, weights: dict[str, Tensor], file: Path) -> None:
    expected = network.state_dict()
    mismatched = sorted(set(expected) ^ set(weights))
    mismatched += [n for n in expected if n in weights and expected[n].shape != weights[n].shape]
    if mismatched:
        raise ModelError(
            f"{file}: its weights are those of another architecture than its config describes "
            f"({len(mismatched)} differ, {mismatched[0]} among them)"
        )
    with torch.no_grad():
        for name, value in expected.items():
            value.copy_(weights[name])


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
