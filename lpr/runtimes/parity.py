"""Parity of runtimes: their raw outputs for the same input, compared."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.errors import LprError, wrap_plugin_errors
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.opencv_importer import unsupported
from lpr.runtimes.select import problem_of
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32

SINGLE, HALF = 1e-3, 2e-2
"""Tolerated difference relative to a head's largest value, in single and in half precision."""


@dataclass(frozen=True, slots=True)
class ParityResult:
    """A runtime's largest relative difference, or None and the ``problem`` of running it."""

    runtime: str
    max_rel_diff: float | None
    problem: str = ""


def source_runtime(runtimes: Sequence[DetectorRuntime], cfg: Cfg) -> DetectorRuntime | None:
    """The runtime that works here and runs cfg and weights unconverted: PyTorch, or OpenCV's own
    importer if it supports the network. None if there is none."""
    unconverted = {"torch", *(() if unsupported(cfg) else ("opencv",))}
    by_name = {runtime.name: runtime for runtime in runtimes if runtime.name in unconverted}
    candidates = (by_name[name] for name in ("torch", "opencv") if name in by_name)
    return next((runtime for runtime in candidates if problem_of(runtime) is None), None)


def heads_of(
    runtime: DetectorRuntime | RecognizerRuntime,
    model: DetectorModel | RecognizerModel,
    batch: Float32,
) -> list[Float32]:
    """The raw heads of a detector for ``batch``, or a recognizer's logits; errors name the
    runtime."""
    detects = isinstance(model, DetectorModel)
    opened: Any = runtime
    with (
        wrap_plugin_errors(f"{'detector' if detects else 'recognizer'} runtime {runtime.name}"),
        closing(opened.open(model, 0)) as network,
    ):
        return network.forward(batch) if detects else [network.logits(batch)]


def compare(
    runtimes: Sequence[DetectorRuntime | RecognizerRuntime],
    model: DetectorModel | RecognizerModel,
    batch: Float32,
    expected: Sequence[Float32],
) -> list[ParityResult]:
    """Compare each of ``runtimes`` that works here with the outputs ``expected``."""
    results = []
    for runtime in runtimes:
        if problem_of(runtime) is None:
            try:
                diff = max_rel_diff(heads_of(runtime, model, batch), expected)
                results.append(ParityResult(runtime.name, diff))
            except LprError as error:
                results.append(ParityResult(runtime.name, None, str(error)))
    return results


def max_rel_diff(heads: Sequence[Float32], expected: Sequence[Float32]) -> float:
    """The largest difference of two lists of heads, relative to the largest value of its head.

    Infinite if their shapes differ or a value is not finite.
    """
    if [head.shape for head in heads] != [head.shape for head in expected]:
        return float("inf")
    if not all(np.isfinite(head).all() for head in (*heads, *expected)):
        return float("inf")
    return max(
        float(np.abs(a - b).max()) / max(float(np.abs(b).max()), 1e-12)
        for a, b in zip(heads, expected, strict=True)
    )


def noise(cfg: Cfg, width: int, height: int, count: int = 2) -> Float32:
    """Random inputs for a comparison: ``count x 3 x height x width``, values in 0..1."""
    cfg.check_size(width, height)
    shape = (count, 3, height, width)
    return np.random.default_rng(0).random(shape, np.float32)


def default_input(model: DetectorModel) -> Float32:
    """Random inputs of the model's size."""
    return noise(read_cfg(model.cfg), model.spec.width, model.spec.height)
