"""Measures the CPU runtimes on this machine and saves their ranking."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict

from lpr.diagnostics.speed import detector_speeds, recognizer_speeds
from lpr.errors import OutputError
from lpr.models import Model
from lpr.plugins.registry import Registry
from lpr.runtimes.preferences import RuntimeRanking, ranking_file
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of
from lpr.utils.files import write_atomically

log = logging.getLogger("lpr")

_ROUNDS = 9  # Fewer than those of ``lpr bench``: a ranking needs no exact figures


def tune(registry: Registry, model: Model) -> RuntimeRanking:
    """Measure every CPU runtime that works here on ``model``, with its default number of threads.

    ``--backend cpu`` (and ``auto`` without a GPU) then follows the saved ranking. Raises
    :class:`lpr.errors.OutputError` if it cannot be written.
    """
    detectors = [
        r
        for r in registry.detector_runtimes
        if r.device == "cpu" and model.detector.format in formats_of(r) and not problem_of(r)
    ]
    recognizers = [
        r
        for r in registry.recognizer_runtimes
        if r.device == "cpu" and model.recognizer.format in r.formats and not problem_of(r)
    ]
    detector = detector_speeds(detectors, model.detector, 0, 1, _ROUNDS)
    recognizer = recognizer_speeds(recognizers, model.recognizer, 0, 1, _ROUNDS)
    ranking = RuntimeRanking(
        *({s.runtime: round(s.ms, 3) for s in sorted(speeds, key=lambda s: s.ms)}
          for speeds in (detector, recognizer))
    )  # fmt: skip
    file = ranking_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(file) as part:
            part.write_text(json.dumps(asdict(ranking), indent=1), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{file}: the ranking cannot be written ({error.strerror}); set LPR_CACHE to "
            "another folder"
        ) from error
    return ranking


def describe_order(order: dict[str, float]) -> str:
    """``onnxruntime 18.2 ms, openvino 19.3 ms``."""
    return ", ".join(f"{name} {ms:.1f} ms" for name, ms in order.items())
