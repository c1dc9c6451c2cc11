"""Exports checkpoints to model folders that run without PyTorch, and compares them with it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lpr.errors import ModelError
from lpr.loading import registry
from lpr.models import Model, write_model
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.parity import HALF, SINGLE, compare
from lpr.runtimes.traits import formats_of
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32
from lpr.utils.files import write_new_folder
from lpr_torch.checkpoints import (
    Recognizer,
    kind_of,
    load_detector,
    load_recognizer,
    save_recognizer,
)
from lpr_torch.spatial_transformer import SpatialTransformer

_SMALLEST_HALVED = 1024  # Numbers of an array; smaller ones save too little

_DETECTOR_KEYS = ("threshold", "nms", "accept_threshold", "sure")


@dataclass(frozen=True, slots=True)
class About:
    """The parts of ``model.toml`` that checkpoints do not hold."""

    name: str
    version: str = "1.0.0"
    description: str = ""
    licence: str = "unknown"
    regions: tuple[str, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)


def export(checkpoints: list[Path], out: Path, about: About, half: bool = False,
           keep: bool = False) -> dict[str, float | None]:  # fmt: skip
    """Write the model folder ``out`` from a detector's and/or a recognizer's checkpoint.

    A detector becomes cfg and weights, a recognizer ONNX, or a safetensors file with ``keep``;
    ``half`` stores a recognizer in half precision. Every runtime that works here must agree with
    the checkpoint (:data:`lpr.runtimes.parity.SINGLE`, ``HALF``). Returns the relative differences
    by runtime, None for one that cannot run the network. Raises :class:`lpr.errors.ModelError` if
    one differs, none runs it, or a checkpoint is invalid, and :class:`lpr.errors.OutputError` if
    ``out`` exists; nothing is written then.
    """
    with write_new_folder(out) as folder:
        content: dict[str, Any] = asdict(about)
        thresholds = content.pop("thresholds")
        for file in checkpoints:
            part = "detector" if kind_of(file) == "darknet" else "recognizer"
            if part in content:
                raise ModelError(f"{file}: is a second {part}; a model has one")
            if part == "detector":
                content[part] = _detector(file, folder)
            else:
                content[part] = _recognizer(load_recognizer(file), folder, half, keep)
        _apply(thresholds, content)
        differences = _differences(write_model(folder, content), checkpoints)
        known = {name: diff for name, diff in differences.items() if diff is not None}
        if differences and not known:
            raise ModelError(f"{out}: not written, because no runtime here can run it")
        if max(known.values(), default=0.0) > (HALF if half else SINGLE):
            raise ModelError(
                f"{out}: not written, because it does not compute what the checkpoint does: "
                + ", ".join(f"{runtime} differs by {diff:.2g}" for runtime, diff in known.items())
            )
    return differences


def _apply(thresholds: dict[str, float], content: dict[str, Any]) -> None:
    for key, value in thresholds.items():
        part = "detector" if key in _DETECTOR_KEYS else "recognizer"
        if part not in content:
            raise ModelError(f"{key} belongs to a {part}, but there is none")
        content[part][key] = value


def _detector(file: Path, folder: Path) -> dict[str, Any]:
    detector = load_detector(file)
    network = detector.network
    network.save(folder / "detector.weights")
    (folder / "detector.cfg").write_text(network.cfg.to_text(), encoding="utf-8")
    return {
        "cfg": "detector.cfg",
        "weights": "detector.weights",
        "width": network.cfg.net.width,
        "height": network.cfg.net.height,
        "resize": detector.resize,
        "channels": "rgb",
        "threshold": 0.4,
        "nms": 0.45,
    }


def _recognizer(recognizer: Recognizer, folder: Path, half: bool, keep: bool) -> dict[str, Any]:
    if keep:
        file, format = folder / "recognizer.safetensors", "safetensors"
        save_recognizer(recognizer, file, half)
    else:
        file, format = folder / "recognizer.onnx", "onnx"
        spec = recognizer.spec
        example = np.zeros((1, spec.planes, spec.height, spec.width), np.float32)
        export_onnx(recognizer.network, example, file)
        if half:
            halve(file)
    return {"file": file.name, "format": format, **asdict(recognizer.spec)}


def export_onnx(model: nn.Module, example: Float32, file: Path) -> None:
    """Write ``model`` as ONNX, for any number of crops at once; with recurrent layers for one crop
    at a time, since that is all that OpenCV runs of them.

    OpenCV reads neither plain recurrent layers nor a spatial transformer; ONNX Runtime does.
    """
    recurrent = any(isinstance(layer, nn.RNNBase) for layer in model.modules())
    transformed = any(isinstance(layer, SpatialTransformer) for layer in model.modules())
    with warnings.catch_warnings():
        # The deprecated exporter: the new one needs another package and writes operator sets too
        # new for OpenCV. Its warnings about recurrent layers and batches are handled above.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", module=r"torch\.")
        # Sizes are constants of the exported file by intention.
        warnings.filterwarnings("ignore", message="Converting a tensor to a Python")
        torch.onnx.export(
            model.eval(),
            (torch.from_numpy(example),),
            str(file),
            input_names=["crops"],
            output_names=["logits"],
            dynamic_axes={} if recurrent else {"crops": {0: "n"}, "logits": {0: "n"}},
            opset_version=16 if transformed else 13,  # the first with GridSample; OpenCV's newest
            dynamo=False,
        )


def halve(file: Path) -> None:
    """Store the large arrays of an ONNX file in half precision, each behind a cast to single:
    runtimes make that cast once, when they load the file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(file))
    graph = model.graph
    casts = []
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        if values.size < _SMALLEST_HALVED:
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def _differences(model: Model, checkpoints: list[Path]) -> dict[str, float | None]:
    """Relative differences from the checkpoint on random input, by runtime."""
    differences: dict[str, float | None] = {}
    for file in checkpoints:
        part: DetectorModel | RecognizerModel
        network: nn.Module
        runtimes: Sequence[DetectorRuntime | RecognizerRuntime]
        if kind_of(file) == "darknet":
            name, part, network = "detector", model.detector, load_detector(file).network
            runtimes = registry().detector_runtimes
            shape = (1, 3, part.spec.height, part.spec.width)
        else:
            name, part, network = "recognizer", model.recognizer, load_recognizer(file).network
            runtimes = registry().recognizer_runtimes
            shape = (2, part.spec.planes, part.spec.height, part.spec.width)
        batch = np.random.default_rng(0).random(shape, np.float32)
        with torch.no_grad():
            outputs = network(torch.from_numpy(batch))
        expected = [each.numpy() for each in (outputs if isinstance(outputs, list) else [outputs])]
        able = [runtime for runtime in runtimes if part.format in formats_of(runtime)]
        for result in compare(able, part, batch, expected):
            differences[f"{name} {result.runtime}"] = result.max_rel_diff
    return differences
