"""What is plugged in: built-in and installed plugins, and the objects that they hand over.

Plugins are Python distributions with an entry point in the group ``lpr``. The environment variable
``LPR_LOAD_PLUGINS`` limits which of them are loaded: a comma-separated list of entry point names;
empty for none. A plugin that fails is noted by name and skipped; the others work.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points, version
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

from lpr import hookspecs
from lpr.errors import PluginError, RegionError, describe
from lpr.models import installed_models
from lpr.protocols import DetectorRuntime, RecognizerRuntime, SinkFormat
from lpr.regions import Region

if TYPE_CHECKING:
    import click

GROUP = "lpr"
SELECTION = "LPR_LOAD_PLUGINS"
BUILTIN = "builtin"
"""The name of lpr's own plugin."""


class _Named(Protocol):
    @property
    def name(self) -> str | None: ...


_RUNTIME_NAME = re.compile("[a-z0-9][a-z0-9._-]*")

# What the members of every runtime have to be.
_RUNTIME = MappingProxyType({"name": str, "device": str, "priority": int})


@dataclass
class PluginInfo:
    """A plugin: what it gave, and what went wrong with it, in words for ``lpr plugins``."""

    name: str
    origin: str
    provides: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Registry:
    """Everything that was handed over, in the order of loading: built-in things come first."""

    plugins: list[PluginInfo] = field(default_factory=list)
    detector_runtimes: list[DetectorRuntime] = field(default_factory=list)
    recognizer_runtimes: list[RecognizerRuntime] = field(default_factory=list)
    regions: dict[str, Region] = field(default_factory=dict)
    sinks: dict[str, SinkFormat] = field(default_factory=dict)
    commands: list[click.Command] = field(default_factory=list)

    def region(self, code: str) -> Region:
        """The region of a code such as ``tw``; raises :class:`RegionError`."""
        if code not in self.regions:
            known = ", ".join(sorted(self.regions)) or "none"
            raise RegionError(f"no region {code!r}: known are {known}; install a plugin for it")
        return self.regions[code]

    @contextmanager
    def lending(self, region: Region) -> Iterator[None]:
        """Within the block ``region`` is known by its code, as if a plugin had given it."""
        before = self.regions
        self.regions = {**before, region.code: region}
        try:
            yield
        finally:
            self.regions = before

    def names(self) -> set[str]:
        """What a new plugin and its runtime cannot be called: plugins, runtimes, models."""
        names = {"auto", "cpu", *installed_models()}
        names.update(plugin.name for plugin in self.plugins)
        names.update(runtime.name for runtime in self.detector_runtimes)
        names.update(runtime.name for runtime in self.recognizer_runtimes)
        return names

    def load(self, name: str, origin: str, load: Callable[[], object]) -> PluginInfo:
        """Load one plugin and take over what its hooks give; never raises."""
        info = PluginInfo(name, origin)
        self.plugins.append(info)
        manager = pluggy.PluginManager("lpr")
        manager.add_hookspecs(hookspecs)
        try:
            plugin = load()
            _check_interface(plugin)
            _check_marks(plugin)
            manager.register(plugin, name)
            manager.check_pending()
        # A plugin is someone else's code: whatever it raises on import must not stop the others.
        except (Exception, SystemExit) as error:
            info.problems.append(f"failed to load: {describe(error)}")
            return info
        self._take(info, manager, "lpr_detector_runtimes", self._add_detector_runtime)
        self._take(info, manager, "lpr_recognizer_runtimes", self._add_recognizer_runtime)
        self._take(info, manager, "lpr_regions", self._add_region)
        self._take(info, manager, "lpr_sinks", self._add_sink)
        self._take(info, manager, "lpr_commands", self._add_command)
        return info

    def _take(
        self,
        info: PluginInfo,
        manager: pluggy.PluginManager,
        hook: str,
        add: Callable[[Any], str],
    ) -> None:
        try:
            for given in getattr(manager.hook, hook)():
                for thing in given:
                    info.provides.append(add(thing))
        except (Exception, SystemExit) as error:
            info.problems.append(f"{hook} failed: {describe(error)}")

    def _add_detector_runtime(self, runtime: DetectorRuntime) -> str:
        _check(runtime, DetectorRuntime, _RUNTIME)
        _check_name(runtime.name)
        _refuse_twice(runtime, self.detector_runtimes)
        self.detector_runtimes.append(runtime)
        return f"detector runtime {runtime.name}"

    def _add_recognizer_runtime(self, runtime: RecognizerRuntime) -> str:
        _check(runtime, RecognizerRuntime, _RUNTIME)
        _check_name(runtime.name)
        _refuse_twice(runtime, self.recognizer_runtimes)
        if not isinstance(runtime.formats, (frozenset, set)):
            raise TypeError(f"the formats of {runtime.name} are no set: {runtime.formats!r}")
        self.recognizer_runtimes.append(runtime)
        return f"recognizer runtime {runtime.name}"

    def _add_region(self, region: Region) -> str:
        if not isinstance(region, Region):
            raise TypeError(f"{region!r} is no lpr.regions.Region")
        if region.code in self.regions:
            raise ValueError(f"the region {region.code!r} exists already")
        self.regions[region.code] = region
        return f"region {region.code}"

    def _add_sink(self, sink: SinkFormat) -> str:
        _check(sink, SinkFormat, {"name": str, "one_per_picture": bool})
        _refuse_twice(sink, self.sinks.values())
        self.sinks[sink.name] = sink
        return f"format {sink.name}"

    def _add_command(self, command: click.Command) -> str:
        import click

        if not isinstance(command, click.Command):
            raise TypeError(f"{command!r} is no click.Command")
        _refuse_twice(command, self.commands)
        self.commands.append(command)
        return f"command {command.name}"


def _check_interface(plugin: object) -> None:
    written_for = getattr(plugin, "lpr_interface", hookspecs.INTERFACE)
    if written_for != hookspecs.INTERFACE:
        raise PluginError(
            f"it was written for version {written_for!r} of lpr's interface, and this lpr "
            f"({version('lpr')}) has version {hookspecs.INTERFACE!r}; upgrade whichever is older"
        )


def _check_marks(plugin: object) -> None:
    """A hook without its mark would be passed over in silence."""
    for hook in (name for name in vars(hookspecs) if name.startswith("lpr_")):
        given = getattr(plugin, hook, None)
        if callable(given) and not hasattr(given, "lpr_impl"):
            raise PluginError(f"its {hook} is no hook without @lpr.hookimpl above it")


def _check(thing: Any, protocol: Any, kinds: Mapping[str, type]) -> None:
    if not isinstance(thing, protocol):
        members = {*protocol.__annotations__, *(m for m in vars(protocol) if m[0] != "_")}
        lacking = ", ".join(sorted(m for m in members if not hasattr(thing, m)))
        raise TypeError(f"{thing!r} is no {protocol.__name__}: it lacks {lacking}")
    for member, kind in kinds.items():
        value = getattr(thing, member)
        if not isinstance(value, kind):
            raise TypeError(f"the {member} of {thing!r} is no {kind.__name__}: {value!r}")


def _check_name(name: str) -> None:
    """What ``--backend`` and ``--recognizer`` call must not be called otherwise already."""
    if not _RUNTIME_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a runtime: use a-z, 0-9, dots, - and _")
    if name in ("auto", "cpu") or name in installed_models():
        raise ValueError(f"the name {name!r} is taken already, by lpr itself or by a model")


def _refuse_twice(thing: _Named, others: Iterable[_Named]) -> None:
    if any(other.name == thing.name for other in others):
        raise ValueError(f"the name {thing.name!r} is taken already")


def load_registry(builtin: ModuleType) -> Registry:
    """The registry of the module ``builtin`` and of all installed plugins that are selected."""
    registry = Registry()
    registry.load(BUILTIN, "lpr", lambda: builtin)
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    wanted = _selection()
    for point in points:
        if wanted is None or point.name in wanted:
            registry.load(point.name, _origin(point), point.load)
    known = [point.name for point in points]
    for name in [] if wanted is None else [name for name in wanted if name not in known]:
        problem = f"no plugin of this name is installed; there are {', '.join(known) or 'none'}"
        registry.plugins.append(PluginInfo(name, SELECTION, problems=[problem]))
    return registry


def _selection() -> list[str] | None:
    """The names of the only plugins to load; None for all."""
    given = os.environ.get(SELECTION)
    if given is None:
        return None
    return [name for part in given.split(",") if (name := part.strip())]


def _origin(entry_point: EntryPoint) -> str:
    distribution = entry_point.dist
    if distribution is None:
        return entry_point.value
    return f"{distribution.metadata['Name']} {distribution.version}"
