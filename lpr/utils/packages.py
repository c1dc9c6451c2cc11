"""The folder of an installed package, found without running any code of it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path


def package_folders(name: str) -> Iterator[Path]:
    """The folders of the package ``name``; none if it is not installed.

    ``importlib.util.find_spec("a.b")`` would import ``a``. Here only the first part is looked up by
    Python's finders, which know editable installs, and the others in its folders.
    """
    first, *others = name.split(".")
    try:
        spec = find_spec(first)
        for number, _ in enumerate(others, 2):
            if spec is None or spec.submodule_search_locations is None:
                return
            folders = list(spec.submodule_search_locations)
            spec = PathFinder.find_spec(".".join(name.split(".")[:number]), folders)
    # Finders are third-party code, and names of entry points may be anything.
    except Exception:
        return
    yield from map(Path, (spec and spec.submodule_search_locations) or ())
