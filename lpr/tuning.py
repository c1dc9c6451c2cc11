"""Which CPU runtimes are the fastest on this machine: measured once, and remembered."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lpr.bench import detector_speeds, recognizer_speeds
from lpr.cache import cache_folder, keep
from lpr.errors import OutputError
from lpr.models import Model
from lpr.registry import Registry
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of

log = logging.getLogger("lpr")

_ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Tuned:
    """Milliseconds of one picture or plate by runtime, the fastest first."""

    detector: dict[str, float] = field(default_factory=dict)
    recognizer: dict[str, float] = field(default_factory=dict)


def tuned_file() -> Path:
    """Where it is remembered: beside the converted networks."""
    return cache_folder() / "fastest.json"


def tune(registry: Registry, model: Model) -> Tuned:
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
    tuned = Tuned(
        *({s.runtime: round(s.ms, 3) for s in sorted(speeds, key=lambda s: s.ms)}
          for speeds in (found, read))
    )  # fmt: skip
    file = tuned_file()
    try:
        keep(file, json.dumps(asdict(tuned), indent=1).encode())
    except OSError as error:
        raise OutputError(
            f"{file}: what was measured cannot be kept ({error.strerror}); LPR_CACHE names "
            "another folder"
        ) from error
    return tuned


def remembered() -> Tuned:
    """What :func:`tune` measured here; empty where it never did, or where the file is damaged."""
    file = tuned_file()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Tuned(_numbers(content["detector"]), _numbers(content["recognizer"]))
    except OSError:  # who cannot read there is told where it is written
        return Tuned()
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("%s is damaged and not used; lpr doctor --tune measures again", file)
        return Tuned()


def _numbers(table: dict[str, float]) -> dict[str, float]:
    return {str(name): float(ms) for name, ms in table.items()}


def describe_order(tuned: dict[str, float]) -> str:
    """``onnxruntime 18.2 ms, openvino 19.3 ms``."""
    return ", ".join(f"{name} {ms:.1f} ms" for name, ms in tuned.items())
