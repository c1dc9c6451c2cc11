"""Old names, kept for one release with a ``DeprecationWarning`` that gives the new one.

:data:`MOVED` has the module paths, :func:`renamed` is for attributes and keyword arguments.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeVar

C = TypeVar("C")

# By package of ``lpr``: the old path of each module and its name in the package.
_PACKAGES = {
    "": "bench>diagnostics pipeline>reader",
    "darknet": "darknet.conversion>onnx_cache darknet.readers>layer_builders",
    "detection": "detect>detector sweep>threshold_sweep tiles>tiling",
    "diagnostics": (
        "bench.agreement>parity_report bench.peak>matmul_peak bench.speed>speed "
        "bench.video>watch_speed doctor>doctor tuning>tuning"
    ),
    "evaluate": (
        "evaluate.alignment>breakdown evaluate.calibration>curves evaluate.page>html_report "
        "evaluate.passes>tracking evaluate.tables>breakdown"
    ),
    "plugins": "builtin>builtin inspection>conformance registry>registry scaffold>scaffold",
    "recognition": (
        "answers>validation corners>corners decode>ctc_decoder recognize>ctc_reader "
        "rectify>rectify voting>voting"
    ),
    "runtimes": "convert>convert parity>parity runtimes.opencv_place>opencv_target",
    "sinks": (
        "sinks.film>video_writer sinks.plugged>plugin_sink sinks.sightings>jsonl "
        "sinks.submission>csv sinks.veil>redaction"
    ),
    "source": (
        "source.cut>truncation source.frames>picture source.kinds>media_types "
        "source.moving>video_sources source.stream>video_stream source.video>video_file"
    ),
    "specs": "calibration>calibration summary>plate_attributes",
    "tracking": "tracking.looks>reread_policy",
    "utils": (
        "cache>files closing>closing progress>progress stopwatch>timing toml>toml "
        "tracking.texts>text"
    ),
    "watching": (
        "watching.finding>detection_worker watching.mailbox>frame_queue watching.meter>stats "
        "watching.pace>frame_sampling watching.rules>settings watching.zone>roi"
    ),
}
MOVED = {
    f"lpr.{old}": f"lpr.{package}.{new}".replace("..", ".")
    for package, pairs in _PACKAGES.items()
    for old, new in (pair.split(">") for pair in pairs.split())
}
"""The current path of each module path of lpr 0.1."""


class _OldPaths(MetaPathFinder, Loader):
    """Gives a module at an old path, which takes every name from the one at the current path."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        new = MOVED[module.__name__]
        message = f"{module.__name__} is now {new}; the old path goes with lpr 0.3"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        current = import_module(new)
        vars(module)["__getattr__"] = lambda name: getattr(current, name)


def forward_old_paths() -> None:
    """Make ``import`` find the old paths, after all modules that exist."""
    if not any(isinstance(finder, _OldPaths) for finder in sys.meta_path):
        sys.meta_path.append(_OldPaths())


def renamed(**names: str) -> Callable[[type[C]], type[C]]:
    """A class decorator: each old name stays as a keyword argument and as an attribute, with a
    ``DeprecationWarning`` that gives the new one."""

    def decorate(kind: type[C]) -> type[C]:
        construct: Callable[..., None] = kind.__init__

        @functools.wraps(construct)
        def init(self: C, *args: Any, **values: Any) -> None:
            for old in names.keys() & values.keys():
                _warn(kind, old, names[old])
                values[names[old]] = values.pop(old)
            construct(self, *args, **values)

        kind.__init__ = init  # type: ignore[method-assign, assignment]
        for old, new in names.items():
            setattr(kind, old, property(functools.partial(_read, old=old, new=new)))
        return kind

    return decorate


def _read(self: object, *, old: str, new: str) -> Any:
    _warn(type(self), old, new)
    return getattr(self, new)


def _warn(kind: type, old: str, new: str) -> None:
    message = f"{kind.__name__}.{old} is now {kind.__name__}.{new}; the old name goes with lpr 0.3"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
