"""The walls of the house: imports point one way, and importing lpr stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Each room may use the rooms before it, never those after it.
FLOORS = (
    (
        "types",
        "errors",
        "calibration",
        "summary",
        "sightings",
        "corners",
        "specs",
        "closing",
        "stopwatch",
        "toml",
        "cache",
    ),
    ("kernels", "protocols", "regions", "darknet", "progress", "sweep"),
    (
        "hookspecs",
        "source",
        "answers",
        "rectify",
        "decode",
        "voting",
        "detect",
        "recognize",
        "runtimes",
        "models",
        "tracking",
    ),
    ("draw", "pipeline", "tiles", "registry", "labels", "testing", "scaffold", "parity"),
    ("sinks", "evaluate", "builtin", "inspection", "notebook", "convert", "watching", "bench"),
    ("tuning",),
    ("doctor", "loading"),
    ("watch",),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
STAGES = ("source", "detect", "rectify", "recognize")


def modules() -> list[Path]:
    return sorted(p for p in (ROOT / "lpr").rglob("*.py") if p.parent.name != "weights")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "lpr" and len(parts) > 1 and parts[1] in FLOOR else None


def rooms_used(path: Path) -> set[str]:
    return {name for module in imports(path) if (name := room(module)) is not None}


def own_room(path: Path) -> str:
    return path.relative_to(ROOT / "lpr").parts[0].removesuffix(".py")


def test_every_room_has_a_floor() -> None:
    rooms = {own_room(path) for path in modules()} - {"__init__", "__main__"}
    assert rooms == set(FLOOR)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = own_room(path)
    if own in ("__init__", "__main__"):
        return
    above = {name for name in rooms_used(path) - {own} if FLOOR[name] > FLOOR[own]}
    assert not above, f"{own} imports {above}, which stand above it"


def test_stages_do_not_know_each_other() -> None:
    for path in modules():
        if own_room(path) in STAGES:
            assert not rooms_used(path) & (set(STAGES) - {own_room(path)}), path


def test_the_core_imports_neither_plugins_nor_training() -> None:
    for path in modules():
        outside = {module.split(".")[0] for module in imports(path)}
        assert not outside & {"lpr_onnx", "lpr_training", "torch", "onnxruntime"}, path


def test_only_kernels_imports_the_compiled_module() -> None:
    users = {own_room(path) for path in modules() if "lpr._kernels" in set(imports(path))}
    assert users == {"kernels"}


def test_importing_lpr_stays_light() -> None:
    heavy = "{'torch', 'onnx', 'onnxruntime', 'tqdm', 'av'}"
    code = f"import sys, lpr; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
