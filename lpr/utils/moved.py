"""Forwards the module paths of lpr 0.1 to the current ones, for one release."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "lpr.answers": "lpr.recognition.validation",
    "lpr.bench": "lpr.diagnostics",
    "lpr.bench.agreement": "lpr.diagnostics.parity_report",
    "lpr.bench.peak": "lpr.diagnostics.matmul_peak",
    "lpr.bench.speed": "lpr.diagnostics.speed",
    "lpr.bench.video": "lpr.diagnostics.watch_speed",
    "lpr.builtin": "lpr.plugins.builtin",
    "lpr.cache": "lpr.utils.files",
    "lpr.calibration": "lpr.specs.calibration",
    "lpr.closing": "lpr.utils.closing",
    "lpr.convert": "lpr.runtimes.convert",
    "lpr.corners": "lpr.recognition.corners",
    "lpr.decode": "lpr.recognition.ctc_decoder",
    "lpr.detect": "lpr.detection.detector",
    "lpr.doctor": "lpr.diagnostics.doctor",
    "lpr.evaluate.alignment": "lpr.evaluate.breakdown",
    "lpr.evaluate.calibration": "lpr.evaluate.curves",
    "lpr.evaluate.page": "lpr.evaluate.html_report",
    "lpr.evaluate.passes": "lpr.evaluate.tracking",
    "lpr.evaluate.tables": "lpr.evaluate.breakdown",
    "lpr.inspection": "lpr.plugins.conformance",
    "lpr.parity": "lpr.runtimes.parity",
    "lpr.pipeline": "lpr.reader",
    "lpr.progress": "lpr.utils.progress",
    "lpr.recognize": "lpr.recognition.ctc_reader",
    "lpr.rectify": "lpr.recognition.rectify",
    "lpr.registry": "lpr.plugins.registry",
    "lpr.runtimes.opencv_place": "lpr.runtimes.opencv_target",
    "lpr.scaffold": "lpr.plugins.scaffold",
    "lpr.sinks.film": "lpr.sinks.video",
    "lpr.sinks.plugged": "lpr.sinks.plugin_sink",
    "lpr.sinks.sightings": "lpr.sinks.jsonl",
    "lpr.sinks.submission": "lpr.sinks.csv",
    "lpr.sinks.veil": "lpr.sinks.redaction",
    "lpr.source.cut": "lpr.source.truncation",
    "lpr.source.frames": "lpr.source.picture",
    "lpr.source.kinds": "lpr.source.media_types",
    "lpr.source.moving": "lpr.source.video_sources",
    "lpr.source.stream": "lpr.source.av_stream",
    "lpr.stopwatch": "lpr.utils.timing",
    "lpr.summary": "lpr.specs.plate_attributes",
    "lpr.sweep": "lpr.detection.threshold_sweep",
    "lpr.tiles": "lpr.detection.tiling",
    "lpr.toml": "lpr.utils.toml",
    "lpr.tracking.looks": "lpr.tracking.reread_policy",
    "lpr.tracking.texts": "lpr.utils.text",
    "lpr.tuning": "lpr.diagnostics.tuning",
    "lpr.voting": "lpr.recognition.voting",
    "lpr.watching.finding": "lpr.watching.detection_worker",
    "lpr.watching.mailbox": "lpr.watching.frame_queue",
    "lpr.watching.meter": "lpr.watching.stats",
    "lpr.watching.pace": "lpr.watching.frame_sampling",
    "lpr.watching.rules": "lpr.watching.settings",
    "lpr.watching.zone": "lpr.watching.roi",
}


class _Forward(Loader):
    """Loads a module that takes every name from the module ``target``."""

    def __init__(self, target: str) -> None:
        self._target = target

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the empty module to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        message = f"{module.__name__} is now {self._target}; the old path goes with lpr 0.3"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        target = import_module(self._target)
        vars(module)["__getattr__"] = lambda name: getattr(target, name)
        module.__path__ = []


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, _Forward(MOVED[name]), is_package=True) if name in MOVED else None


def forward_old_paths() -> None:
    """Make ``import`` find the old paths, after all modules that exist."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
