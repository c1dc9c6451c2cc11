"""Module paths of the last release go on for one release, and say that they will not last."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from lpr.utils.deprecated import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_an_old_path_gives_the_names_of_the_new_one(old: str) -> None:
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=MOVED[old]):
        module = import_module(old)
    new = import_module(MOVED[old])
    for name in vars(new):
        if not name.startswith("__"):
            assert getattr(module, name) is getattr(new, name)


def test_the_warning_names_the_line_that_imports() -> None:
    code = "import lpr\nfrom lpr.rectify import upright\nassert upright is lpr.upright\n"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.startswith("<string>:2: DeprecationWarning: lpr.rectify is now")
    assert run.stdout == ""


def test_a_name_that_never_was_is_still_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module("lpr.never_was")
    with pytest.raises(AttributeError):
        import_module("lpr.rectify").never_was  # noqa: B018
