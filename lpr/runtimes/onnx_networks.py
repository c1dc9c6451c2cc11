"""Detectors and recognizers on any engine that runs ONNX files; for plugins such as lpr-onnx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from lpr.darknet.conversion import network_of
from lpr.errors import ModelError
from lpr.runtimes.probe import probe
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32


class Engine(Protocol):
    """A loaded network with one input; several threads may share it."""

    def run(self, batch: Float32) -> list[Float32]:
        """Return all outputs for a batch."""

    def close(self) -> None: ...


Load: TypeAlias = Callable[[bytes, Path], Engine]
"""Loads the content of an ONNX file; the path is for messages. Raises :class:`ModelError`."""


class OnnxDetector:
    """A loaded detector; see :class:`lpr.protocols.DetectorNetwork`."""

    def __init__(self, model: DetectorModel, load: Load) -> None:
        self._cfg, data, _ = network_of(model)
        self._engine = load(data, model.weights)

    def forward(self, batch: Float32) -> list[Float32]:
        self._cfg.check_size(width=batch.shape[3], height=batch.shape[2])
        return self._engine.run(batch)

    def close(self) -> None:
        self._engine.close()


class OnnxRecognizer:
    """A loaded recognizer; see :class:`lpr.protocols.CtcRecognizer`."""

    def __init__(self, model: RecognizerModel, load: Load) -> None:
        self.spec = model.spec
        self._engine = load(read_network(model.file), model.file)
        probe(self, model.file)

    def logits(self, batch: Float32) -> Float32:
        return self._engine.run(batch)[0]

    def close(self) -> None:
        self._engine.close()


def read_network(file: Path) -> bytes:
    """Return the content of a network's file; raises :class:`ModelError`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error


def run_in_parts(
    run: Callable[[Float32], list[Float32]], batch: Float32, fixed_at_one: bool
) -> list[Float32]:
    """Run a batch; one input at a time if the export fixed the batch size at 1."""
    if not fixed_at_one or len(batch) <= 1:
        return run(batch)
    results = [run(part) for part in np.split(batch, len(batch))]
    return [np.concatenate(outputs) for outputs in zip(*results, strict=True)]
