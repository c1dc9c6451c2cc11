"""Writes a region pack: an installable distribution with a country's formats and styles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from lpr.errors import LprError
from lpr.loading import registry
from lpr.regions import Format, Region
from lpr.testing import check_region
from lpr.utils.toml import RecipeError
from lpr_training.country.recipe import CountryRecipe
from lpr_training.labelling.files import write_text
from lpr_training.synth.plates.countries import Country
from lpr_training.synth.styles import Style


def described(recipe: CountryRecipe) -> Country | None:
    """The country that a recipe describes; None if the recipe names a known region.

    Raises :class:`RecipeError` for invalid formats and styles, and :class:`lpr.errors.LprError` if
    the code is taken by another region.
    """
    if not recipe.formats:
        return None
    region = Region(recipe.code, recipe.name, recipe.formats)
    try:
        check_region(region)
        country = Country(region, recipe.styles)
    except (AssertionError, ValueError) as error:
        raise RecipeError(f"the region {recipe.code!r}: {error}") from error
    known = registry().regions.get(recipe.code)
    if known is not None and known != region:
        raise LprError(
            f"the region {recipe.code!r} is {known.name} here, with other formats; choose another "
            "code, or leave out formats and styles to use that region"
        )
    return country


def write_pack(country: Country, folder: Path) -> None:
    """Write the distribution ``lpr-region-CODE`` into ``folder``: a module of formats, and one of
    styles, which only rendering loads."""
    code, name = country.region.code, country.region.name
    words = {
        "code": code,
        "name": name,
        "constant": code.upper(),
        "formats": _calls(country.region.formats, " " * 8),
        "styles": _calls(country.styles, " " * 4),
    }
    parts = {
        "pyproject.toml": _PYPROJECT,
        "README.md": _README,
        f"lpr_region_{code}.py": _REGION,
        f"lpr_region_{code}_styles.py": _STYLES,
        f"tests/test_region_{code}.py": _TEST,
    }
    for file, text in parts.items():
        for word, value in words.items():
            text = text.replace(f"<{word}>", value)
        write_text(folder / file, text)


def _calls(things: Iterable[Format | Style], indent: str) -> str:
    """Each object as a constructor call, with one argument per line."""
    lines = []
    for thing in things:
        values = {each: getattr(thing, each.name) for each in fields(thing)}
        given = [f"    {e.name}={_literal(v)}," for e, v in values.items() if v != e.default]
        lines += [f"{type(thing).__name__}(", *given, "),"]
    return "\n".join(indent + line for line in lines)


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "lpr-region-<code>"
version = "0.1.0"
description = "A region pack for lpr: <name>."
readme = "README.md"
requires-python = ">=3.10"
dependencies = ["lpr>=0.2"]

[project.entry-points.lpr]
region-<code> = "lpr_region_<code>"

[project.entry-points."lpr.styles"]
<code> = "lpr_region_<code>_styles:STYLES"

[tool.setuptools]
py-modules = ["lpr_region_<code>", "lpr_region_<code>_styles"]
"""

_README = """\
# lpr-region-<code>

A region pack for lpr: the plate formats and styles of <name>.

```sh
pip install .
lpr detect --region <code> car.jpg
lpr data synth --region <code> --preview sheet.png   # a sheet of plates; needs lpr-training
```
"""

_REGION = '''\
"""The plate formats of <name> for lpr."""

from __future__ import annotations

from lpr.hookspecs import hookimpl
from lpr.regions import Format, Region

lpr_interface = 1

<constant> = Region(
    "<code>",
    "<name>",
    (
<formats>
    ),
)


@hookimpl
def lpr_regions() -> list[Region]:
    return [<constant>]
'''

_STYLES = '''\
"""The plate styles of <name> for lpr's renderer; needs lpr-training."""

from __future__ import annotations

from lpr_training.synth.styles import Style

STYLES = (
<styles>
)
'''

_TEST = """\
from __future__ import annotations

from lpr.testing import check_region
from lpr_region_<code> import <constant>


def test_it_keeps_what_lpr_relies_on() -> None:
    check_region(<constant>)
"""
