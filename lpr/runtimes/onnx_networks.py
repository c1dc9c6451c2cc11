"""Detectors and recognizers in any engine, from ONNX files or not; for plugins such as lpr-onnx."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from lpr.darknet.cfg import Cfg
from lpr.darknet.onnx_cache import network_of
from lpr.runtimes.probe import probe
from lpr.specs import CtcSpec, DetectorModel, RecognizerModel
from lpr.types import Float32
from lpr.utils.files import read_model_file


class Engine(Protocol):
    """A loaded network with one input; several threads may share it."""

    def run(self, batch: Float32) -> list[Float32]:
        """Return all outputs for a batch."""

    def close(self) -> None: ...


Load: TypeAlias = Callable[[bytes, Path], Engine]
"""Loads the content of an ONNX file; its path is for messages.

Raises :class:`lpr.errors.ModelError` for a file that the engine refuses."""


class EngineDetector:
    """A detector in an engine; see :class:`lpr.protocols.DetectorNetwork`."""

    def __init__(self, cfg: Cfg, engine: Engine) -> None:
        self._cfg = cfg
        self._engine = engine

    def forward(self, batch: Float32) -> list[Float32]:
        self._cfg.check_size(width=batch.shape[3], height=batch.shape[2])
        return self._engine.run(batch)

    def close(self) -> None:
        self._engine.close()


class EngineRecognizer:
    """A recognizer in an engine; see :class:`lpr.protocols.CtcRecognizer`."""

    def __init__(self, spec: CtcSpec, engine: Engine) -> None:
        self.spec = spec
        self._engine = engine

    def logits(self, batch: Float32) -> Float32:
        return self._engine.run(batch)[0]

    def close(self) -> None:
        self._engine.close()


def open_detector(model: DetectorModel, load: Load) -> EngineDetector:
    """Load a detector, converted to ONNX if necessary."""
    cfg, data, _ = network_of(model)
    return EngineDetector(cfg, load(data, model.weights))


def open_recognizer(model: RecognizerModel, load: Load) -> EngineRecognizer:
    """Load a recognizer's ONNX file and check it against its spec."""
    recognizer = EngineRecognizer(model.spec, load(read_model_file(model.file), model.file))
    probe(recognizer, model.file)
    return recognizer


def import_problem(package: str) -> str | None:
    """Why ``package`` cannot be imported, and the remedy; None if it can."""
    try:
        import_module(package)
    # A broken installation may raise anything.
    except Exception as error:
        return f"{package} cannot be imported ({error}); pip install -U {package}"
    return None


def run_in_parts(
    run: Callable[[Float32], list[Float32]], batch: Float32, fixed_at_one: bool
) -> list[Float32]:
    """Run a batch; one input at a time if the export fixed the batch size at 1."""
    if not fixed_at_one or len(batch) <= 1:
        return run(batch)
    results = [run(part) for part in np.split(batch, len(batch))]
    return [np.concatenate(outputs) for outputs in zip(*results, strict=True)]
