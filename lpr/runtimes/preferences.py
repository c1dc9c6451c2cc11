"""Which CPU runtimes were the fastest on this machine, as ``lpr doctor --tune`` measured it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

from lpr.utils.files import cache_folder

log = logging.getLogger("lpr")


@dataclass(frozen=True, slots=True)
class RuntimeRanking:
    """Milliseconds of one picture or plate by runtime, the fastest first."""

    detector: dict[str, float] = field(default_factory=dict)
    recognizer: dict[str, float] = field(default_factory=dict)


def tuned_file() -> Path:
    """Where it is remembered: beside the converted networks."""
    return cache_folder() / "fastest.json"


def load_ranking() -> RuntimeRanking:
    """What :func:`tune` measured here; empty where it never did, or where the file is damaged."""
    file = tuned_file()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return RuntimeRanking(_numbers(content["detector"]), _numbers(content["recognizer"]))
    except OSError:  # who cannot read there is told where it is written
        return RuntimeRanking()
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("%s is damaged and not used; lpr doctor --tune measures again", file)
        return RuntimeRanking()


def _numbers(table: dict[str, float]) -> dict[str, float]:
    return {str(name): float(ms) for name, ms in table.items()}
