"""Writes a new plugin: a package that installs, works and passes its tests."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from string import Template

from lpr.errors import OutputError
from lpr.plugins import scaffold_detector

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "$name"
version = "0.1.0"
description = "A $kind for lpr."
readme = "README.md"
requires-python = ">=3.10"
dependencies = ["lpr", "numpy"]

[project.optional-dependencies]
test = ["pytest"]

[project.entry-points.lpr]
$name = "$module"

[tool.setuptools]
py-modules = ["$module"]
"""

MODULE = '''\
"""A recognizer for lpr. Implement ``read_one``; adapt ``problem`` and ``open``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lpr import Crop, Image, Reading, hookimpl, upright
from lpr.specs import RecognizerModel

lpr_interface = 1  # version of lpr's plugin interface


class $reader:
    """Reads plates. lpr may call it from several threads at once."""

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """Return one reading for each crop, in order; an empty text if nothing can be read."""
        return [self.read_one(upright(crop)) for crop in crops]

    def read_one(self, plate: Image) -> Reading:
        """Read an upright plate: BGR, uint8, H x W x 3. Texts hold A-Z and 0-9 only."""
        # A placeholder: the brightness of the plate in percent. Put your reader here.
        percent = round(100 * float(np.mean(plate)) / 255)
        return Reading(text=f"LIGHT{percent}", confidence=0.5)

    def close(self) -> None:
        """Release what ``open`` acquired."""


class $runtime:
    """Describes the recognizer to lpr and opens it."""

    name = "$name"  # the value of --recognizer
    device = "cpu"
    priority = 0
    formats: frozenset[str] = frozenset()  # empty: it brings its own model

    def problem(self) -> str | None:
        """Return why it cannot run here, such as a missing package, in one sentence; or None."""
        return None

    def open(self, model: RecognizerModel, threads: int) -> $reader:
        """Load the recognizer. ``model`` is that of the model folder; ignore it if yours is not."""
        return $reader()


@hookimpl
def lpr_recognizer_runtimes() -> list[$runtime]:
    return [$runtime()]
'''

TEST = """\
from lpr import load_model
from lpr.testing import check_recognizer_runtime, noise
from $module import $reader, $runtime


def test_conformance() -> None:
    check_recognizer_runtime($runtime(), load_model().recognizer)


def test_it_reads() -> None:
    assert $reader().read_one(noise(40, 120)).text.startswith("LIGHT")
"""

README = """\
# $name

A recognizer for lpr, which reads number plates.

```sh
pip install -e '.[test]'
pytest
lpr plugins check $name
lpr detect --recognizer $name car.jpg
```

`pytest` runs lpr's conformance suite and the plugin's own tests; `lpr plugins check` runs the suite
on the installed plugin and measures its speed.

The reader is `$reader.read_one` in `$module.py`.
"""


KINDS = {
    "recognizer": (MODULE, TEST, README),
    "detector": (scaffold_detector.MODULE, scaffold_detector.TEST, scaffold_detector.README),
}
"""The module, the tests and the README of each kind of plugin."""


def _conflict(name: str, module: str) -> str | None:
    """Return the conflict with an existing module or distribution, or None."""
    if keyword.iskeyword(module):
        return f"{module} is a keyword of Python"
    if module in sys.stdlib_module_names or find_spec(module) is not None:
        return f"a module {module} exists here"
    try:
        return f"the distribution {name} {version(name)} is installed here"
    except PackageNotFoundError:
        return None


def new_plugin(name: str, folder: Path, kind: str = "recognizer") -> list[Path]:
    """Write the plugin ``name`` (lower-case words joined by ``-``) of a ``kind`` of :data:`KINDS`
    into ``folder``.

    Returns the files. Raises :class:`ValueError` for an invalid or taken name and
    :class:`lpr.errors.OutputError` if the folder exists or cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid name of a plugin: use a-z, 0-9 and -, as in my-reader"
        )
    module = name.replace("-", "_")
    if conflict := _conflict(name, module):
        raise ValueError(f"{name!r} cannot be a plugin's name: {conflict}; choose another")
    words = "".join(word.capitalize() for word in name.split("-"))
    values = {
        "name": name,
        "kind": kind,
        "module": module,
        "reader": words.removesuffix("Recognizer") + "Recognizer",
        "runtime": words.removesuffix("Runtime") + "Runtime",
        "detector": words.removesuffix("Detector") + "Detector",
        "factory": words.removesuffix("Factory") + "Factory",
    }
    source, test, readme = KINDS[kind]
    files = {
        "pyproject.toml": PYPROJECT,
        f"{module}.py": source,
        f"tests/test_{module}.py": test,
        "README.md": readme,
    }
    try:
        folder.mkdir(parents=True)
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(Template(text).substitute(values), encoding="utf-8")
    except FileExistsError as error:
        raise OutputError(f"{folder}: exists; choose another name or --out") from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    return [folder / file for file in files]
