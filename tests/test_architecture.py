"""The walls of the house: imports point one way, in no circle, and importing lpr stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A package may use the packages of the layers below it, and those of its own layer in no circle.
LAYERS = (
    ("types", "errors", "regions"),
    ("labels", "records", "sightings", "specs", "utils"),
    ("kernels", "protocols", "models", "draw", "darknet", "source"),
    ("hookspecs", "detection", "recognition", "runtimes", "tracking", "sinks"),
    ("notebook", "reader", "reader_pool", "result", "testing"),
    ("evaluate", "plugins", "watching"),
    ("diagnostics", "loading"),
    ("push", "watch"),
    ("cli",),
)
LAYER = {package: number for number, packages in enumerate(LAYERS) for package in packages}
STAGES = ("source", "detection", "recognition", "tracking", "sinks")
OUTSIDE = {
    "lpr_onnx", "lpr_openvino", "lpr_torch", "lpr_training", "onnxruntime", "openvino", "torch",
}  # fmt: skip

PACKAGES = {
    "lpr": ROOT / "lpr",
    "lpr_training": ROOT / "training" / "lpr_training",
    "lpr_torch": ROOT / "plugins" / "lpr-torch" / "lpr_torch",
}


@cache
def modules(package: str = "lpr") -> dict[str, Path]:
    """The files of a package by their modules' names."""
    folder = PACKAGES[package]
    files = (path for path in sorted(folder.rglob("*.py")) if "weights" not in path.parts)
    return {module_of(path, folder.parent): path for path in files}


def module_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_used(path: Path, package: str) -> set[str]:
    """The package's own modules that a file imports, or imports a name from."""
    known = modules(package)
    used = (name if name in known else name.rpartition(".")[0] for name in imports(path))
    return {name for name in used if name in known and known[name] != path}


def package_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def packages_used(path: Path) -> set[str]:
    return {package_of(module) for module in modules_used(path, "lpr")} - {"lpr"}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle of imports; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_every_package_has_a_layer() -> None:
    assert {package_of(module) for module in modules()} - {"lpr", "__main__"} == set(LAYER)


@pytest.mark.parametrize("module", modules())
def test_imports_point_down(module: str) -> None:
    own = package_of(module)
    if own in ("lpr", "__main__"):
        return
    above = {name for name in packages_used(modules()[module]) - {own} if LAYER[name] > LAYER[own]}
    assert not above, f"{own} imports {above}, which stand above it"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    graph = {
        module: modules_used(path, package) - {package}
        for module, path in modules(package).items()
        if module != package
    }
    assert not circle(graph)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_packages_import_each_other_in_a_circle(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for module, path in modules(package).items():
        used = {package_of(other) for other in modules_used(path, package)}
        graph.setdefault(package_of(module), set()).update(used - {package_of(module), package})
    graph.pop(package)
    assert not circle(graph)


def test_stages_do_not_know_each_other() -> None:
    for module, path in modules().items():
        if package_of(module) in STAGES:
            assert not packages_used(path) & (set(STAGES) - {package_of(module)}), module


def test_the_core_imports_neither_plugins_nor_training() -> None:
    for module, path in modules().items():
        assert not {name.split(".")[0] for name in imports(path)} & OUTSIDE, module


def test_only_kernels_imports_the_compiled_module() -> None:
    users = {module for module, path in modules().items() if "lpr._kernels" in set(imports(path))}
    assert users == {"lpr.kernels"}


def test_importing_lpr_stays_light() -> None:
    heavy = "{'torch', 'onnx', 'onnxruntime', 'tqdm', 'av', 'lpr.diagnostics'}"
    code = f"import sys, lpr; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
