"""``python`` blocks: run in order in the page's namespace; their ``test_...`` are called."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from sybil import Example
from sybil.evaluators.python import PythonEvaluator

OPTIONAL = frozenset({"fastapi", "httpx", "multipart", "pandas", "pyarrow", "supervision"})
"""Optional packages: examples that need a missing one are skipped."""

_FILE = re.compile(r"# ([\w.-]+\.\w+)\n")
_evaluate = PythonEvaluator()


def run_python(example: Example) -> None:
    """Write and import the file that the block names, or run the block."""
    namespace = example.namespace
    try:
        with namespace["folder"].entered() as folder:
            written = write_named(example.parsed, folder)
            if written:
                _import(written.stem)
            else:
                _run(example)
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
        namespace["missing"] = error.name
        pytest.skip(f"{error.name} is not installed")
    except NameError as error:
        if "missing" not in namespace:
            raise
        pytest.skip(
            f"a block before it needs {namespace['missing']}, which is not installed: {error}"
        )


def write_named(source: str, folder: Path) -> Path | None:
    """Write the file named on the first line and return its path; None without a name."""
    named = _FILE.match(source)
    if not named:
        return None
    path = folder / named[1]
    path.write_text(source, encoding="utf-8")
    return path


def _import(module: str) -> None:
    importlib.invalidate_caches()
    sys.modules.pop(module, None)
    importlib.import_module(module)


def _run(example: Example) -> None:
    before = dict(example.namespace)
    _evaluate(example)
    for name, thing in list(example.namespace.items()):
        if name.startswith("test_") and callable(thing) and before.get(name) is not thing:
            thing()
