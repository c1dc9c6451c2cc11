"""The registry of the built-in and installed plugins and what they provide.

A plugin is a Python distribution with an entry point in the group ``lpr``. The environment variable
``LPR_LOAD_PLUGINS`` selects plugins: a comma-separated list of entry point names, empty for none. A
plugin that fails is recorded and skipped; the others work.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points, version
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

from lpr import hookspecs
from lpr.errors import PluginError, RegionError, StuckError, describe
from lpr.models import installed_models
from lpr.protocols import (
    Destination,
    DetectorFactory,
    DetectorRuntime,
    RecognizerRuntime,
    SinkFormat,
)
from lpr.regions import Region
from lpr.utils.bounded import call_bounded

if TYPE_CHECKING:
    import click

GROUP = "lpr"
SELECTION = "LPR_LOAD_PLUGINS"
BUILTIN = "builtin"
"""The name of lpr's own plugin."""
LOAD_TIMEOUT = 30.0
"""Seconds for a plugin to be imported and to answer the hooks. A large library takes ten on a cold
disk; a plugin that takes longer is left out, so that one that hangs does not stop every command."""


class _Named(Protocol):
    @property
    def name(self) -> str | None: ...


_RUNTIME_NAME = re.compile("[a-z0-9][a-z0-9._-]*")


@dataclass
class PluginInfo:
    """A plugin: what it provides and its problems, as text for ``lpr plugins``."""

    name: str
    origin: str
    provides: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """How long it took to load."""


@dataclass
class Registry:
    """Everything that the plugins provide, in the order of loading: built-in first."""

    plugins: list[PluginInfo] = field(default_factory=list)
    detector_runtimes: list[DetectorRuntime] = field(default_factory=list)
    detectors: list[DetectorFactory] = field(default_factory=list)
    recognizer_runtimes: list[RecognizerRuntime] = field(default_factory=list)
    regions: dict[str, Region] = field(default_factory=dict)
    sinks: dict[str, SinkFormat] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    commands: list[click.Command] = field(default_factory=list)

    def region(self, code: str) -> Region:
        """Return the region of a code such as ``tw``; raises :class:`RegionError`."""
        if code not in self.regions:
            known = ", ".join(sorted(self.regions)) or "none"
            raise RegionError(f"no region {code!r}: known are {known}; install a plugin for it")
        return self.regions[code]

    @contextmanager
    def temporarily_registered(self, region: Region) -> Iterator[None]:
        """Register ``region`` within the block, as if a plugin provided it."""
        before = self.regions
        self.regions = {**before, region.code: region}
        try:
            yield
        finally:
            self.regions = before

    def names(self) -> set[str]:
        """The names that a new plugin cannot have: those of plugins, runtimes and models."""
        runtimes = (runtime.name for runtime in self.detector_runtimes)
        detectors = (detector.name for detector in self.detectors)
        recognizers = (runtime.name for runtime in self.recognizer_runtimes)
        plugins = (plugin.name for plugin in self.plugins)
        return {"auto", "cpu", *installed_models(), *plugins, *runtimes, *detectors, *recognizers}

    def load(self, name: str, origin: str, load: Callable[[], object]) -> PluginInfo:
        """Load a plugin and register what its hooks return; never raises."""
        info = PluginInfo(name, origin)
        self.plugins.append(info)
        hooks: dict[str, Callable[[Any], str]] = {
            "lpr_detector_runtimes": self._add_detector_runtime,
            "lpr_detectors": self._add_detector,
            "lpr_recognizer_runtimes": self._add_recognizer_runtime,
            "lpr_regions": self._add_region,
            "lpr_sinks": self._add_sink,
            "lpr_destinations": self._add_destination,
            "lpr_commands": self._add_command,
        }
        start = time.perf_counter()
        try:
            if name == BUILTIN:
                gathered = _gather(name, load, hooks)
            else:
                gathered = call_bounded(name, LOAD_TIMEOUT, partial(_gather, name, load, hooks))
        # Third-party code: an exception on import must not stop the other plugins.
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not _is_of_plugin(error):
                raise
            if isinstance(error, StuckError):
                problem = f"did not load within {LOAD_TIMEOUT:g} s (it hangs) and was left out"
            else:
                problem = f"failed to load: {describe(error)}"
            info.problems.append(problem)
            return info
        info.seconds = time.perf_counter() - start
        for hook, items, failure in gathered:
            try:
                for item in items:
                    info.provides.append(hooks[hook](item))
            # Attributes of the items may be properties that raise.
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                info.problems.append(f"{hook} failed: {describe(error)}")
            else:
                if failure is not None:
                    info.problems.append(f"{hook} failed: {describe(failure)}")
        return info

    def _add_detector_runtime(self, runtime: DetectorRuntime) -> str:
        _check_runtime(runtime, DetectorRuntime, self.detector_runtimes)
        self.detector_runtimes.append(runtime)
        return f"detector runtime {runtime.name}"

    def _add_detector(self, detector: DetectorFactory) -> str:
        _check(detector, DetectorFactory, {"name": str, "device": str})
        _check_name(detector, self.detectors)
        self.detectors.append(detector)
        return f"detector {detector.name}"

    def _add_recognizer_runtime(self, runtime: RecognizerRuntime) -> str:
        _check_runtime(runtime, RecognizerRuntime, self.recognizer_runtimes)
        if not isinstance(runtime.formats, (frozenset, set)):
            raise TypeError(f"formats of {runtime.name} must be a set, not {runtime.formats!r}")
        self.recognizer_runtimes.append(runtime)
        return f"recognizer runtime {runtime.name}"

    def _add_region(self, region: Region) -> str:
        if not isinstance(region, Region):
            raise TypeError(f"{region!r} is not an lpr.regions.Region")
        if region.code in self.regions:
            raise ValueError(f"the region {region.code!r} exists already")
        self.regions[region.code] = region
        return f"region {region.code}"

    def _add_sink(self, sink: SinkFormat) -> str:
        _check(sink, SinkFormat, {"name": str, "one_per_picture": bool})
        _check_unique(sink, self.sinks.values())
        self.sinks[sink.name] = sink
        return f"format {sink.name}"

    def _add_destination(self, destination: Destination) -> str:
        _check(destination, Destination, {"name": str, "schemes": frozenset})
        for scheme in destination.schemes:
            if scheme in self.destinations:
                raise ValueError(f"the scheme {scheme!r} is taken already")
        self.destinations |= dict.fromkeys(destination.schemes, destination)
        return f"destination {destination.name} ({', '.join(sorted(destination.schemes))})"

    def _add_command(self, command: click.Command) -> str:
        import click

        if not isinstance(command, click.Command):
            raise TypeError(f"{command!r} is not a click.Command")
        _check_unique(command, self.commands)
        self.commands.append(command)
        return f"command {command.name}"


def _gather(
    name: str, load: Callable[[], object], hooks: Iterable[str]
) -> list[tuple[str, list[Any], BaseException | None]]:
    """Load a plugin and call its hooks: for each, its items, and what ended them."""
    manager = pluggy.PluginManager("lpr")
    manager.add_hookspecs(hookspecs)
    plugin = load()
    _check_interface(plugin)
    _check_marks(plugin)
    manager.register(plugin, name)
    manager.check_pending()
    gathered: list[tuple[str, list[Any], BaseException | None]] = []
    for hook in hooks:
        items: list[Any] = []
        failure = None
        try:
            for results in getattr(manager.hook, hook)():
                items.extend(results)
        except BaseException as error:
            failure = error
        gathered.append((hook, items, failure))
    return gathered


def _is_of_plugin(error: BaseException) -> bool:
    """Whether a ``KeyboardInterrupt`` was raised in the thread that loads a plugin: Python gives
    that of a user to the main thread."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is _gather.__code__:
            return True
        trace = trace.tb_next
    return False


def _check_interface(plugin: object) -> None:
    version_needed = getattr(plugin, "lpr_interface", hookspecs.INTERFACE)
    if version_needed != hookspecs.INTERFACE:
        raise PluginError(
            f"it was written for version {version_needed!r} of lpr's interface, but this lpr "
            f"({version('lpr')}) has version {hookspecs.INTERFACE!r}; upgrade the older one"
        )


def _check_marks(plugin: object) -> None:
    """Refuse a hook without ``@lpr.hookimpl``, which pluggy would silently ignore."""
    for hook in (name for name in vars(hookspecs) if name.startswith("lpr_")):
        function = getattr(plugin, hook, None)
        if callable(function) and not hasattr(function, "lpr_impl"):
            raise PluginError(f"its {hook} needs the decorator @lpr.hookimpl")


def _check(item: Any, protocol: Any, kinds: Mapping[str, type]) -> None:
    if not isinstance(item, protocol):
        members = {*protocol.__annotations__, *(m for m in vars(protocol) if m[0] != "_")}
        missing = ", ".join(sorted(m for m in members if not hasattr(item, m)))
        raise TypeError(f"{item!r} is not a {protocol.__name__}: it lacks {missing}")
    for member, kind in kinds.items():
        value = getattr(item, member)
        if not isinstance(value, kind):
            raise TypeError(f"{member} of {item!r} must be {kind.__name__}, not {value!r}")


def _check_runtime(runtime: Any, protocol: Any, others: Iterable[_Named]) -> None:
    # Types of the members, which a protocol does not check at run time.
    _check(runtime, protocol, {"name": str, "device": str, "priority": int})
    _check_name(runtime, others)


def _check_name(item: Any, others: Iterable[_Named]) -> None:
    """Raise ``ValueError`` for a name that ``--backend``, ``--detector`` or ``--recognizer``
    would not find."""
    name = item.name
    if not _RUNTIME_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a valid name of a runtime: use a-z, 0-9, dots, - and _")
    if name in ("auto", "cpu") or name in installed_models():
        raise ValueError(f"the name {name!r} is taken by lpr itself or by a model")
    _check_unique(item, others)


def _check_unique(item: _Named, others: Iterable[_Named]) -> None:
    if any(other.name == item.name for other in others):
        raise ValueError(f"the name {item.name!r} is taken")


def load_registry(builtin: ModuleType) -> Registry:
    """Load the module ``builtin`` and the selected installed plugins."""
    registry = Registry()
    registry.load(BUILTIN, "lpr", lambda: builtin)
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    selected = _selection()
    for point in points:
        if selected is None or point.name in selected:
            registry.load(point.name, _origin(point), point.load)
    known = [point.name for point in points]
    for name in [name for name in selected or [] if name not in known]:
        problem = f"no plugin of this name is installed; installed: {', '.join(known) or 'none'}"
        registry.plugins.append(PluginInfo(name, SELECTION, problems=[problem]))
    return registry


def _selection() -> list[str] | None:
    """The names of the plugins to load; None for all."""
    names = os.environ.get(SELECTION)
    if names is None:
        return None
    return [name for part in names.split(",") if (name := part.strip())]


def _origin(entry_point: EntryPoint) -> str:
    dist = entry_point.dist
    return f"{dist.metadata['Name']} {dist.version}" if dist else entry_point.value
