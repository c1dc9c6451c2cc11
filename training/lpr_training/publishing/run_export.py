"""The published files of a finished run: the network, and ``part.json`` about it.

``part.json`` holds the network's section of ``model.toml``, how it was trained and its figures on
``dev``; :mod:`lpr_training.publishing.publish` combines two of them.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lpr.darknet.cfg import Cfg
from lpr.errors import LprError
from lpr_torch.checkpoints import load_detector, load_recognizer
from lpr_torch.export import export_onnx
from lpr_training.detector.task import NMS, DetectorTask
from lpr_training.engine.loop import METRICS, read_metrics
from lpr_training.engine.schedule import Schedule
from lpr_training.labelling.files import write_json
from lpr_training.recognizer.task import RecognizerTask

MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
"""The margins around plates to choose from, as fractions of the plate's size."""


def finish_detector(task: DetectorTask, cfg: Cfg, best: Path, out: Path) -> None:
    """Write ``detector.cfg``, ``detector.weights`` and ``part.json``."""
    network = load_detector(best).network
    schedule = task.recipe.schedule
    network.save(out / "detector.weights", seen=schedule.steps * schedule.batch)
    (out / "detector.cfg").write_text(cfg.to_text(), encoding="utf-8")
    figures = {name: round(value, 4) for name, value in task.check(network).items()}
    table = {
        "cfg": "detector.cfg",
        "weights": "detector.weights",
        "width": cfg.net.width,
        "height": cfg.net.height,
        "resize": task.resize,
        "channels": "rgb",
        "threshold": task.recipe.threshold,
        "nms": NMS,
    }
    gflop = round(cfg.bflops(cfg.net.width, cfg.net.height), 2)
    _write(out, "detector", table, schedule, {**figures, "gflop": gflop})


def finish_recognizer(task: RecognizerTask, best: Path, out: Path) -> None:
    """Write ``recognizer.onnx`` and ``part.json``, with the crop margin of :data:`MARGINS` that
    reads ``dev`` best: labelled boxes are a little looser than those of rendered plates."""
    model = load_recognizer(best).network
    checks = {margin: task.check(model, margin) for margin in MARGINS}
    margin = max(checks, key=lambda m: checks[m]["score"])
    spec = replace(task.spec, crop_margin=margin)
    example = np.zeros((1, spec.planes, spec.height, spec.width), np.float32)
    export_onnx(model, example, out / "recognizer.onnx")
    table = {"file": "recognizer.onnx", "format": "onnx", **asdict(spec)}
    figures = {name: round(value, 4) for name, value in checks[margin].items()}
    gflop = round(2 * multiplications(model, example.shape) / 1e9, 2)
    _write(out, "recognizer", table, task.recipe.schedule, {**figures, "gflop": gflop})


def multiplications(model: nn.Module, shape: tuple[int, ...]) -> int:
    """The number of multiplications of all convolutions for an input of ``shape``."""
    total = 0

    def count(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        total += output[0].numel() * layer.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        model(torch.zeros(shape))
    for hook in hooks:
        hook.remove()
    return total


def _write(
    out: Path, name: str, table: dict[str, Any], schedule: Schedule, figures: dict[str, float]
) -> None:
    lines = read_metrics(out / METRICS)
    if not lines:
        raise LprError(f"{out / METRICS}: the run has no figures yet")
    training = {
        "steps": schedule.steps,
        "batch": schedule.batch,
        "seed": schedule.seed,
        "minutes": round(lines[-1]["seconds"] / 60),
    }
    part = {"name": name, "table": table, "training": training, "figures": figures}
    write_json(out / "part.json", part)
