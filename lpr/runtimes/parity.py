"""Do two runtimes compute the same? Raw heads of the same input, held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.errors import LprError, wrap_plugin_errors
from lpr.protocols import DetectorRuntime
from lpr.runtimes.opencv_importer import shortcomings
from lpr.runtimes.select import problem_of
from lpr.specs import DetectorModel
from lpr.types import Float32

SINGLE, HALF = 1e-3, 2e-2
"""How far off a head may be, relative to its largest value: in single and in half precision."""


@dataclass(frozen=True, slots=True)
class ParityResult:
    """How far a runtime is off, or why it could not be run (``off`` is then None)."""

    runtime: str
    off: float | None
    problem: str = ""


def source_runtime(runtimes: Sequence[DetectorRuntime], cfg: Cfg) -> DetectorRuntime | None:
    """One that works here and runs cfg and weights themselves, unconverted: the Torch network, or
    OpenCV's own importer for what it runs rightly. None where there is neither."""
    able = {"torch", *(() if shortcomings(cfg) else ("opencv",))}
    named = {runtime.name: runtime for runtime in runtimes if runtime.name in able}
    working = (named[name] for name in ("torch", "opencv") if name in named)
    return next((runtime for runtime in working if problem_of(runtime) is None), None)


def heads_of(runtime: DetectorRuntime, model: DetectorModel, batch: Float32) -> list[Float32]:
    """What ``runtime`` gives for ``batch``; what it raises is an error that names it."""
    with (
        wrap_plugin_errors(f"detector runtime {runtime.name}"),
        closing(runtime.open(model, 0)) as network,
    ):
        return network.forward(batch)


def compare(
    runtimes: Sequence[DetectorRuntime],
    model: DetectorModel,
    batch: Float32,
    wanted: Sequence[Float32],
) -> list[ParityResult]:
    """How far each of ``runtimes`` that works here is from the heads ``wanted``."""
    found = []
    for runtime in runtimes:
        if problem_of(runtime) is None:
            try:
                given = heads_of(runtime, model, batch)
            except LprError as error:
                found.append(ParityResult(runtime.name, None, str(error)))
            else:
                found.append(ParityResult(runtime.name, difference(given, wanted)))
    return found


def difference(given: Sequence[Float32], wanted: Sequence[Float32]) -> float:
    """The largest difference of two lists of heads, relative to the largest value of its head.

    Infinite where they have other shapes, or where one holds a value that is no finite number.
    """
    if [head.shape for head in given] != [head.shape for head in wanted]:
        return float("inf")
    if not all(np.isfinite(head).all() for head in (*given, *wanted)):
        return float("inf")
    return max(
        float(np.abs(a - b).max()) / max(float(np.abs(b).max()), 1e-12)
        for a, b in zip(given, wanted, strict=True)
    )


def noise(cfg: Cfg, width: int, height: int, count: int = 2) -> Float32:
    """Random inputs (``count x 3 x height x width``, values in 0..1) for a comparison."""
    cfg.check_size(width, height)
    shape = (count, 3, height, width)
    return np.random.default_rng(0).random(shape, np.float32)


def default_input(model: DetectorModel) -> Float32:
    """Random inputs of the model's own size."""
    return noise(read_cfg(model.cfg), model.spec.width, model.spec.height)
