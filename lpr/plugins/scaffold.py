"""A new recognizer plugin, complete: a package that installs, reads and passes its tests."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from string import Template

from lpr.errors import OutputError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "$name"
version = "0.1.0"
description = "A recognizer for lpr."
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
"""A recognizer for lpr: change ``read_one``, and say what you need in ``problem`` and ``open``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lpr import Crop, Image, Reading, hookimpl, upright
from lpr.specs import RecognizerModel

lpr_interface = 1  # the version of lpr's interface for plugins that this was written for


class $reader:
    """Reads plates. lpr may call it from several threads at once."""

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order; an empty text where nothing can be read."""
        return [self.read_one(upright(crop)) for crop in crops]

    def read_one(self, plate: Image) -> Reading:
        """``plate`` is upright: BGR, uint8, H x W x 3. Texts hold A-Z and 0-9 only."""
        # Stands in for a reader: how bright the plate is, in percent. Put yours here.
        percent = round(100 * float(np.mean(plate)) / 255)
        return Reading(text=f"LIGHT{percent}", confidence=0.5)

    def close(self) -> None:
        """Let go of what ``open`` took."""


class $runtime:
    """What lpr asks before it opens the reader."""

    name = "$name"  # what --recognizer calls
    device = "cpu"
    priority = 0
    formats: frozenset[str] = frozenset()  # none: it brings its own model

    def problem(self) -> str | None:
        """Why it cannot run here, in one sentence (a package or a file that is missing)."""
        return None

    def open(self, model: RecognizerModel, threads: int) -> $reader:
        """Load what it takes; ``model`` is the model folder's own recognizer, for those that run
        its files."""
        return $reader()


@hookimpl
def lpr_recognizer_runtimes() -> list[$runtime]:
    return [$runtime()]
'''

TEST = """\
from lpr import load_model
from lpr.testing import check_recognizer_runtime, noise
from $module import $reader, $runtime


def test_it_keeps_what_lpr_relies_on() -> None:
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

`pytest` runs the conformance suite among others; `lpr plugins check` runs it on what is installed,
and says how fast that is.

The reader is `$reader.read_one` in `$module.py`.
"""


def _taken(name: str, module: str) -> str | None:
    """What else is called so, and would be hidden by the plugin or hide it."""
    if keyword.iskeyword(module):
        return f"{module} is a word of Python itself"
    if module in sys.stdlib_module_names or find_spec(module) is not None:
        return f"there is a module {module} here already"
    try:
        return f"the distribution {name} {version(name)} is installed here"
    except PackageNotFoundError:
        return None


def new_plugin(name: str, folder: Path) -> list[Path]:
    """Write the plugin ``name`` (lower-case words joined by ``-``) into ``folder``.

    Returns the files. Raises ``ValueError`` for a name that no plugin can have and
    :class:`lpr.errors.OutputError` where the folder is there already or cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a plugin: use a-z, 0-9 and -, as in my-reader")
    module = name.replace("-", "_")
    if taken := _taken(name, module):
        raise ValueError(f"{name!r} cannot be a plugin's name: {taken}; choose another")
    words = "".join(word.capitalize() for word in name.split("-"))
    values = {
        "name": name,
        "module": module,
        "reader": words.removesuffix("Recognizer") + "Recognizer",
        "runtime": words.removesuffix("Runtime") + "Runtime",
    }
    files = {
        "pyproject.toml": PYPROJECT,
        f"{module}.py": MODULE,
        f"tests/test_{module}.py": TEST,
        "README.md": README,
    }
    try:
        folder.mkdir(parents=True)
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(Template(text).substitute(values), encoding="utf-8")
    except FileExistsError as error:
        raise OutputError(f"{folder}: is there already; choose another name or --out") from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    return [folder / file for file in files]
