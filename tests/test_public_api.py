"""The public interface, name by name: ``public_api.txt`` says what programs rely on.

A change of it is a decision: write the new file with ``python -m tests.test_public_api`` and say in
CHANGELOG.md what changed.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import lpr
import lpr.hookspecs
import lpr.plugins.scaffold
import lpr.protocols
import lpr.regions
import lpr.specs
import lpr.testing

WRITTEN = Path(__file__).with_name("public_api.txt")
MODULES = (lpr, lpr.hookspecs, lpr.protocols, lpr.regions, lpr.specs, lpr.testing)


def names(module: ModuleType) -> list[str]:
    if hasattr(module, "__all__"):
        return sorted(set(module.__all__) - {"__version__"})
    return sorted(
        name
        for name, thing in vars(module).items()
        if name[0] != "_" and getattr(thing, "__module__", None) == module.__name__
    )


def lines() -> Iterator[str]:
    for module in MODULES:
        for name in names(module):
            yield from described(f"{module.__name__}.{name}", getattr(module, name))
    for name, new in lpr._RENAMED.items():
        yield f"lpr.{name} is lpr.{new.__name__}"


def described(name: str, thing: object) -> Iterator[str]:
    if not inspect.isclass(thing):
        yield f"{name}{inspect.signature(thing)}" if inspect.isroutine(thing) else name
        return
    if issubclass(thing, Exception):
        yield f"{name}({thing.__mro__[1].__name__})"
        return
    yield name
    for field in dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ():
        optional = field.default is not dataclasses.MISSING
        yield f"{name}.{field.name}: {field.type}{f' = {field.default!r}' if optional else ''}"
    made_by_hand = not dataclasses.is_dataclass(thing) and not getattr(thing, "_is_protocol", False)
    for member, value in sorted(vars(thing).items()):
        if member[0] == "_" and member != "__init__":
            continue
        value = value.__func__ if isinstance(value, classmethod) else value
        if inspect.isfunction(value) and (member != "__init__" or made_by_hand):
            yield f"{name}.{member}{inspect.signature(value)}"
        elif isinstance(value, property):
            yield f"{name}.{member}"
    if not dataclasses.is_dataclass(thing):
        for member, kind in sorted(inspect.get_annotations(thing).items()):
            yield f"{name}.{member}: {getattr(kind, '__forward_arg__', kind)}"


def test_the_public_interface_is_what_is_written_down() -> None:
    assert list(lines()) == WRITTEN.read_text(encoding="utf-8").splitlines()


def test_the_package_is_typed() -> None:
    assert Path(lpr.__file__).with_name("py.typed").is_file()


@pytest.mark.parametrize("name", lpr._RENAMED)
def test_a_renamed_thing_goes_on_for_one_release(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"lpr.{name} is now lpr."):
        assert getattr(lpr, name) is lpr._RENAMED[name]


def test_the_hooks_are_listed_as_they_are() -> None:
    page = (WRITTEN.parents[1] / "docs" / "plugins.md").read_text(encoding="utf-8")
    hooks = [thing for name, thing in vars(lpr.hookspecs).items() if name.startswith("lpr_")]
    assert len(hooks) >= 5
    signatures = {hook: str(inspect.signature(hook)).replace("'", "") for hook in hooks}
    rows = [f"| `{hook.__name__}{signatures[hook]}` | {hook.__doc__} |" for hook in hooks]
    assert "\n".join(rows) in page
    assert f"lpr_interface = {lpr.hookspecs.INTERFACE}\n" in page
    assert f"lpr_interface = {lpr.hookspecs.INTERFACE}  #" in lpr.plugins.scaffold.MODULE


if __name__ == "__main__":
    WRITTEN.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")
