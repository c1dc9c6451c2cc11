"""Recipes of networks, models and videos: TOML files beside this module."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from lpr.utils.toml import RecipeError, parse_toml

FOLDER = Path(__file__).parent

# Old names, still accepted, of keys in a recipe's ``schedule`` tables.
_RENAMED = {
    "average": "ema_decay",
    "epoch": "check_every",
    "after": "lr_schedule",
    "clip": "grad_clip",
    "decay": "weight_decay",
}
_WORDS = ("cfg", "region")  # Keys whose values are texts without white space


def locate(name: str, beside: Path | None = None) -> Path:
    """The file of a recipe, by its name or its path (from ``beside`` or the working folder).

    Raises :class:`RecipeError` for a missing recipe.
    """
    for file in (FOLDER / f"{name}.toml", *([beside / name] if beside else []), Path(name)):
        if file.is_file():
            return file
    known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
    raise RecipeError(f"no recipe {name!r}: neither a file nor one of {known}")


def read(name: str, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The table of a recipe; ``changes`` such as ``schedule.steps=500`` replace single values.

    A recipe with ``based_on = "another"`` lists only its differences to that one.
    """
    table = _table(locate(name))
    for change in changes:
        key, _, value = change.partition("=")
        try:
            parsed = parse_toml(f"value = {_quoted(key.strip(), value.strip())}", key)["value"]
        except RecipeError as error:
            raise RecipeError(f"{change!r} is not KEY=VALUE with a TOML value") from error
        *parents, last = _current_path(key.strip().split("."))
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = parsed
    return table


def based(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``table`` merged into the recipe that its ``based_on`` names (relative to ``folder``), if
    any. Its ``cfg`` is a file in ``folder`` or a shipped one."""
    return _based(table, folder, ())


def _quoted(key: str, value: str) -> str:
    """Quote a path or a code, since shells remove the quotes of TOML."""
    bare = key.rpartition(".")[2] in _WORDS and not value.startswith(("'", '"'))
    return f"'{value}'" if bare and value else value


def _current_path(path: list[str]) -> list[str]:
    """A key's path, with the current name of a schedule's key; warns of an old one."""
    for place, (parent, key) in enumerate(pairwise(path), 1):
        if parent == "schedule" and key in _RENAMED:
            new = _RENAMED[key]
            message = f"the recipe key schedule.{key} is now schedule.{new}"
            warnings.warn(message, FutureWarning, stacklevel=2)
            return [*path[:place], new, *path[place + 1 :]]
    return path


def _with_current_names(table: dict[str, Any], path: Sequence[str] = ()) -> dict[str, Any]:
    """A copy of a table in which the schedules' keys have their current names."""
    current = {}
    for key, value in table.items():
        place = _current_path([*path, key])
        value = _with_current_names(value, place) if isinstance(value, dict) else value
        current[place[-1]] = value
    return current


def _table(file: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    file = file.resolve()
    if file in above:
        raise RecipeError(f"{file}: is based on itself")
    table = parse_toml(file.read_text(encoding="utf-8"), str(file))
    return _based(table, file.parent, (*above, file))


def _based(table: dict[str, Any], folder: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    table = _with_current_names(table)
    if isinstance(table.get("cfg"), str):
        places = [place / table["cfg"] for place in (folder, FOLDER)]
        table["cfg"] = str(next((place for place in places if place.is_file()), places[0]))
    base = table.pop("based_on", None)
    return table if base is None else _merged(_table(locate(str(base), folder), above), table)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merged(base[key], value) if both else value
    return merged
