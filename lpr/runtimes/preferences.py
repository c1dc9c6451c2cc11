"""The speed ranking of the CPU runtimes on this machine, as ``lpr doctor --tune`` measured it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

from lpr.utils.files import cache_folder

log = logging.getLogger("lpr")


@dataclass(frozen=True, slots=True)
class RuntimeRanking:
    """Milliseconds per picture or plate by runtime, fastest first."""

    detector: dict[str, float] = field(default_factory=dict)
    recognizer: dict[str, float] = field(default_factory=dict)


def ranking_file() -> Path:
    """The file of the ranking, in lpr's cache."""
    return cache_folder() / "fastest.json"


def load_ranking() -> RuntimeRanking:
    """The ranking that :func:`lpr.diagnostics.tuning.tune` saved; empty if missing or damaged."""
    file = ranking_file()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return RuntimeRanking(_numbers(content["detector"]), _numbers(content["recognizer"]))
    except OSError:  # not measured, or not readable: tune reports the latter when it writes
        return RuntimeRanking()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("%s is damaged and ignored; lpr doctor --tune measures again", file)
        return RuntimeRanking()


def _numbers(table: dict[str, float]) -> dict[str, float]:
    return {str(name): float(ms) for name, ms in table.items()}
