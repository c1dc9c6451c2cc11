"""Which CPU runtimes are the fastest on this machine: measured once, and remembered."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict

from lpr.diagnostics import detector_speeds, recognizer_speeds
from lpr.errors import OutputError
from lpr.models import Model
from lpr.plugins.registry import Registry
from lpr.runtimes.preferences import RuntimeRanking, tuned_file
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of
from lpr.utils.files import write_atomically

log = logging.getLogger("lpr")

_ROUNDS = 9


def tune(registry: Registry, model: Model) -> RuntimeRanking:
    """Measure every CPU runtime that works here on ``model``, with as many threads as it likes.

    The result is remembered: ``--backend cpu`` (and ``auto``, where there is no GPU) follows it
    from then on. Raises :class:`lpr.errors.OutputError` where it cannot be written.
    """
    detectors = [
        r
        for r in registry.detector_runtimes
        if r.device == "cpu" and model.detector.format in formats_of(r) and not problem_of(r)
    ]
    readers = [
        r
        for r in registry.recognizer_runtimes
        if r.device == "cpu" and model.recognizer.format in r.formats and not problem_of(r)
    ]
    found = detector_speeds(detectors, model.detector, 0, 1, _ROUNDS)
    read = recognizer_speeds(readers, model.recognizer, 0, 1, _ROUNDS)
    tuned = RuntimeRanking(
        *({s.runtime: round(s.ms, 3) for s in sorted(speeds, key=lambda s: s.ms)}
          for speeds in (found, read))
    )  # fmt: skip
    file = tuned_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(file) as part:
            part.write_text(json.dumps(asdict(tuned), indent=1), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{file}: what was measured cannot be kept ({error.strerror}); LPR_CACHE names "
            "another folder"
        ) from error
    return tuned


def describe_order(tuned: dict[str, float]) -> str:
    """``onnxruntime 18.2 ms, openvino 19.3 ms``."""
    return ", ".join(f"{name} {ms:.1f} ms" for name, ms in tuned.items())
