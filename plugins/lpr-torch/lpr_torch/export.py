"""Checkpoints -> model folders: files that run without PyTorch, checked against it."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lpr.errors import ModelError, OutputError
from lpr.loading import registry
from lpr.models import SCHEMA, load_model, sha256
from lpr.runtimes.select import problem_of
from lpr.specs import RecognizerModel
from lpr.types import Float32
from lpr.utils.toml import to_toml
from lpr_torch.checkpoints import (
    Recognizer,
    kind_of,
    load_detector,
    load_recognizer,
    save_recognizer,
)
from lpr_torch.transformer import SpatialTransformer

TOLERANCE = {False: 1e-3, True: 2e-2}
"""How far an exported network may be from the checkpoint, relative to the largest value: single
precision, half precision."""

_SMALLEST_HALVED = 1024

_DETECTOR_KEYS = ("threshold", "nms", "accept_threshold", "sure")


@dataclass(frozen=True, slots=True)
class About:
    """What a ``model.toml`` says besides what the checkpoints know."""

    name: str
    version: str = "1.0.0"
    description: str = ""
    licence: str = "unknown"
    regions: tuple[str, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)


def export(checkpoints: list[Path], out: Path, about: About, half: bool = False,
           keep: bool = False) -> dict[str, float | None]:  # fmt: skip
    """Write the model folder ``out`` from a detector's and/or a recognizer's checkpoint.

    A detector becomes cfg and weights, a recognizer ONNX, or stays a safetensors file with
    ``keep``; ``half`` stores a recognizer's numbers in two bytes. Every file is run by every
    runtime that works here and has to give what the checkpoint gives (:data:`TOLERANCE`); returned
    are the differences by runtime, None for one that cannot run such a recognizer at all. Raises
    :class:`lpr.errors.ModelError` where one differs, where none runs it, or a checkpoint is none,
    :class:`lpr.errors.OutputError` where ``out`` is there already; nothing is left behind then.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already; name a folder that is not, or remove it")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        folder = Path(name) / "model"
        folder.mkdir()
        content = _content(about)
        for file in checkpoints:
            part = "detector" if kind_of(file) == "darknet" else "recognizer"
            if part in content:
                raise ModelError(f"{file}: is a second {part}; a model has one")
            if part == "detector":
                content[part] = _detector(file, folder)
            else:
                content[part] = _recognizer(load_recognizer(file), folder, half, keep)
        _apply(about.thresholds, content)
        content["sha256"] = {f.name: sha256(f) for f in sorted(folder.iterdir())}
        (folder / "model.toml").write_text("\n".join(to_toml(content)) + "\n", encoding="utf-8")
        differences = _differences(folder, checkpoints)
        known = {name: off for name, off in differences.items() if off is not None}
        if differences and not known:
            raise ModelError(f"{out}: not written, since no runtime here can run it")
        if max(known.values(), default=0.0) > TOLERANCE[half]:
            raise ModelError(
                f"{out}: not written, since it would not compute what the checkpoint does: "
                + ", ".join(f"{runtime} is off by {off:.2g}" for runtime, off in known.items())
            )
        folder.chmod(0o755)
        shutil.move(folder, out)
    return differences


def _content(about: About) -> dict[str, Any]:
    content = {"schema": SCHEMA, **asdict(about), "regions": list(about.regions)}
    del content["thresholds"]
    return content


def _apply(thresholds: dict[str, float], content: dict[str, Any]) -> None:
    for key, value in thresholds.items():
        part = "detector" if key in _DETECTOR_KEYS else "recognizer"
        if part not in content:
            raise ModelError(f"{key} belongs to a {part}, and there is none")
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
        # The exporter that torch prefers by now needs one more package, and writes newer operator
        # sets than OpenCV reads. What it says of recurrent layers and batches is seen to above.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", module=r"torch\.")
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


def _differences(folder: Path, checkpoints: list[Path]) -> dict[str, float | None]:
    """By runtime, how far it is from the checkpoint on random input, relative to the largest
    value."""
    model = load_model(str(folder))
    found: dict[str, float | None] = {}
    random = np.random.default_rng(0)
    for file in checkpoints:
        if kind_of(file) == "darknet":
            network, spec = load_detector(file).network, model.detector.spec
            batch = random.random((1, 3, spec.height, spec.width), np.float32)
            with torch.no_grad():
                wanted = [head.numpy() for head in network(torch.from_numpy(batch))]
            for runtime in registry().detector_runtimes:
                if problem_of(runtime) is None:
                    opened = runtime.open(model.detector, 0)
                    found[f"detector {runtime.name}"] = _off(opened.forward(batch), wanted)
                    opened.close()
        else:
            recognizer, written = load_recognizer(file), model.recognizer
            shape = (2, written.spec.planes, written.spec.height, written.spec.width)
            batch = random.random(shape, np.float32)
            with torch.no_grad():
                logits = recognizer.network(torch.from_numpy(batch)).numpy()
            found |= _recognizer_differences(written, batch, logits)
    return found


def _recognizer_differences(
    written: RecognizerModel, batch: Float32, wanted: Float32
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for runtime in registry().recognizer_runtimes:
        if written.format in runtime.formats and problem_of(runtime) is None:
            name = f"recognizer {runtime.name}"
            try:
                opened: Any = runtime.open(written, 0)
            except ModelError:  # OpenCV knows no plain recurrent layers, for one
                found[name] = None
                continue
            found[name] = _off([opened.logits(batch)], [wanted])
            opened.close()
    return found


def _off(given: list[Float32], wanted: list[Float32]) -> float:
    scale = max(float(np.abs(each).max()) for each in wanted)
    return max(float(np.abs(a - b).max()) for a, b in zip(given, wanted, strict=True)) / scale
