from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lpr.plugins.registry
from lpr.errors import RegionError
from lpr.hookspecs import INTERFACE, hookimpl
from lpr.plugins import builtin
from lpr.plugins.registry import load_registry
from lpr.regions import Format, Region

UTOPIA = Region("ut", "Utopia", (Format("AA-99", "all"),))


class _Good:
    @hookimpl
    def lpr_regions(self) -> list[Region]:
        return [UTOPIA]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Pretend that plugins are installed: a mapping of entry point names to source texts."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("LPR_LOAD_PLUGINS", raising=False)

    def install_(**sources: str) -> None:
        for name, source in sources.items():
            (tmp_path / f"plugged_{name}.py").write_text(source)
            sys.modules.pop(f"plugged_{name}", None)
        points = [EntryPoint(name, f"plugged_{name}", "lpr") for name in sources]
        monkeypatch.setattr(lpr.plugins.registry, "entry_points", lambda group: points)

    return install_


REGION = """
from lpr import hookimpl
from lpr.regions import Format, Region

@hookimpl
def lpr_regions():
    return [Region("{code}", "X", (Format("A", "x"),))]
"""


def test_built_in_things_come_through_the_same_hooks() -> None:
    registry = load_registry(builtin)
    assert registry.plugins[0].name == "builtin"
    assert {"opencv", "cuda"} <= {runtime.name for runtime in registry.detector_runtimes}
    assert registry.region("tw").name == "Taiwan"


def test_a_plugin_that_raises_on_import_is_named_and_the_others_work(install: Any) -> None:
    install(bad="raise RuntimeError('out of luck')", good=REGION.format(code="zz"))
    registry = load_registry(builtin)
    by_name = {plugin.name: plugin for plugin in registry.plugins}
    assert by_name["bad"].problems == ["failed to load: RuntimeError: out of luck"]
    assert by_name["good"].problems == []
    assert registry.region("zz").name == "X"
    assert registry.detector_runtimes


def test_a_plugin_that_exits_on_import_does_not_end_the_program(install: Any) -> None:
    install(bad="import sys; sys.exit('no licence')")
    (_, plugin) = load_registry(builtin).plugins
    assert plugin.problems == ["failed to load: SystemExit: no licence"]


def test_a_hook_that_raises_is_named(install: Any) -> None:
    install(
        bad="from lpr import hookimpl\n@hookimpl\ndef lpr_regions(): raise KeyError('x')",
    )
    (_, plugin) = load_registry(builtin).plugins
    assert plugin.problems == ["lpr_regions failed: KeyError: 'x'"]


def test_a_hook_that_does_not_exist_is_named(install: Any) -> None:
    install(bad="from lpr import hookimpl\n@hookimpl\ndef lpr_regoins(): return []")
    (_, plugin) = load_registry(builtin).plugins
    assert "lpr_regoins" in plugin.problems[0]


def test_what_does_not_fit_its_protocol_is_named(install: Any) -> None:
    install(
        bad="from lpr import hookimpl\n@hookimpl\ndef lpr_detector_runtimes(): return [object()]"
    )
    (_, plugin) = load_registry(builtin).plugins
    assert "is not a DetectorRuntime: it lacks device, name, open, priority" in plugin.problems[0]


def test_a_name_cannot_be_taken_twice(install: Any) -> None:
    install(a=REGION.format(code="zz"), b=REGION.format(code="zz"))
    problems = [plugin.problems for plugin in load_registry(builtin).plugins]
    assert problems == [[], [], ["lpr_regions failed: ValueError: the region 'zz' exists already"]]


@pytest.mark.parametrize(("selection", "loaded"), [("a", {"a"}), ("b, a", {"a", "b"}), ("", set())])
def test_the_environment_limits_what_is_loaded(
    install: Any, monkeypatch: pytest.MonkeyPatch, selection: str, loaded: set[str]
) -> None:
    install(a=REGION.format(code="aa"), b=REGION.format(code="bb"))
    monkeypatch.setenv("LPR_LOAD_PLUGINS", selection)
    assert {p.name for p in load_registry(builtin).plugins} - {"builtin"} == loaded


def test_an_unknown_region_is_answered_with_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LPR_LOAD_PLUGINS", "")
    with pytest.raises(RegionError, match="no region 'xx': known are br, eu, tw, us, vn"):
        load_registry(builtin).region("xx")


def test_a_plugin_object_works_as_well_as_a_module() -> None:
    registry = load_registry(ModuleType("empty"))
    info = registry.load("good", "here", _Good)
    assert info.provides == ["region ut"]


def test_a_plugin_for_another_version_of_the_interface_is_named(install: Any) -> None:
    install(
        late="lpr_interface = 99\n" + REGION.format(code="zz"),
        good=f"lpr_interface = {INTERFACE}\n" + REGION.format(code="yy"),
    )
    registry = load_registry(builtin)
    by_name = {plugin.name: plugin for plugin in registry.plugins}
    (problem,) = by_name["late"].problems
    assert "written for version 99 of lpr's interface" in problem
    assert "upgrade the older one" in problem
    assert by_name["late"].provides == []
    assert "zz" not in registry.regions
    assert "yy" in registry.regions


FORMAT = """
from lpr import hookimpl
class Format:
    name, one_per_picture = "{name}", False
    def open(self, stream): ...
@hookimpl
def lpr_sinks(): return [Format()]
"""


def test_a_plugin_gives_a_format(install: Any) -> None:
    install(a=FORMAT.format(name="xml"), b=FORMAT.format(name="csv"))
    registry = load_registry(builtin)
    assert {"jsonl", "csv", "table", "submission", "openalpr", "xml"} == set(registry.sinks)
    assert registry.plugins[-2].provides == ["format xml"]
    assert registry.plugins[-1].problems == [
        "lpr_sinks failed: ValueError: the name 'csv' is taken"
    ]


def test_a_plugin_that_hangs_on_import_is_left_out(
    install: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lpr.plugins.registry, "LOAD_TIMEOUT", 0.2)
    install(hangs="import threading; threading.Event().wait()", good=REGION.format(code="zz"))
    registry = load_registry(builtin)
    by_name = {plugin.name: plugin for plugin in registry.plugins}
    assert by_name["hangs"].problems == ["did not load within 0.2 s (it hangs) and was left out"]
    assert registry.region("zz").name == "X"
