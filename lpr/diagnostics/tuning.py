"""Measures the CPU runtimes on this machine and saves their ranking."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TypeVar

from lpr.diagnostics.speed import Speed, detector_speeds, recognizer_speeds
from lpr.errors import OutputError
from lpr.models import Model
from lpr.plugins.registry import Registry
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.preferences import RuntimeRanking, ranking_file
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of
from lpr.utils.files import write_atomically

R = TypeVar("R", DetectorRuntime, RecognizerRuntime)

_ROUNDS = 9  # Fewer than those of ``lpr bench``: a ranking needs no exact figures


def tune(registry: Registry, model: Model) -> RuntimeRanking:
    """Measure every CPU runtime that works here on ``model``, with its default number of threads.

    ``--backend cpu`` (and ``auto`` without a GPU) then follows the saved ranking. Raises
    :class:`lpr.errors.OutputError` if it cannot be written.
    """
    detectors = _usable(registry.detector_runtimes, model.detector.format)
    recognizers = _usable(registry.recognizer_runtimes, model.recognizer.format)
    ranking = RuntimeRanking(
        _ranked(detector_speeds(detectors, model.detector, 0, 1, _ROUNDS)),
        _ranked(recognizer_speeds(recognizers, model.recognizer, 0, 1, _ROUNDS)),
    )
    file = ranking_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(file) as part:
            part.write_text(json.dumps(asdict(ranking), indent=1), encoding="utf-8")
    except OSError as error:
        problem = f"{file}: the ranking cannot be written ({error.strerror})"
        raise OutputError(f"{problem}; set LPR_CACHE to another folder") from error
    return ranking


def _usable(runtimes: Iterable[R], format: str) -> list[R]:
    on_cpu = (r for r in runtimes if r.device == "cpu" and format in formats_of(r))
    return [runtime for runtime in on_cpu if not problem_of(runtime)]


def _ranked(speeds: Iterable[Speed]) -> dict[str, float]:
    return {s.runtime: round(s.ms, 3) for s in sorted(speeds, key=lambda s: s.ms)}


def describe_order(order: dict[str, float]) -> str:
    """``onnxruntime 18.2 ms, openvino 19.3 ms``."""
    return ", ".join(f"{name} {ms:.1f} ms" for name, ms in order.items())
