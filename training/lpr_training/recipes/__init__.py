"""Recipes: how a network is made, as TOML files beside this module, read into dataclasses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from lpr.errors import LprError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from lpr.darknet.cfg import Cfg
    from lpr_training.detector_recipe import DetectorRecipe
    from lpr_training.recognizer import RecognizerRecipe
    from lpr_training.rendered import KeptOut
    from lpr_training.synth.traffic import FilmRecipe

FOLDER = Path(__file__).parent

_WORDS = ("cfg", "region")
"""Values of these names are texts that hold no white space."""

T = TypeVar("T")


class RecipeError(LprError):
    """A recipe is missing, or says something that the trainer does not know."""


def detector_recipe(name: str, changes: Sequence[str] = ()) -> tuple[DetectorRecipe, Cfg]:
    """A detector's recipe and the network that it names.

    ``cfg`` lies beside the recipe that states it; a change's path is taken as it is.
    """
    return detector_of(read(name, changes), name)


def detector_of(table: dict[str, Any], name: str) -> tuple[DetectorRecipe, Cfg]:
    """As :func:`detector_recipe`, of a table that was read already; ``name`` is for messages."""
    from lpr.darknet.cfg import read_cfg
    from lpr_training.detector_recipe import DetectorRecipe

    recipe = build(DetectorRecipe, table, name)
    return recipe, read_cfg(Path(recipe.cfg) if "cfg" in table else FOLDER / recipe.cfg)


def recognizer_recipe(name: str, changes: Sequence[str] = ()) -> RecognizerRecipe:
    return recognizer_of(read(name, changes), name)


def recognizer_of(table: dict[str, Any], name: str) -> RecognizerRecipe:
    """As :func:`recognizer_recipe`, of a table that was read already; ``name`` is for messages."""
    from lpr_training.recognizer import RecognizerRecipe

    return build(RecognizerRecipe, table, name)


def kept_out_recipe(name: str, changes: Sequence[str] = ()) -> KeptOut:
    from lpr_training.rendered import KeptOut

    return build(KeptOut, read(name, changes), name)


def film_recipe(name: str, changes: Sequence[str] = ()) -> FilmRecipe:
    from lpr_training.synth.traffic import FilmRecipe

    return build(FilmRecipe, read(name, changes), name)


def locate(name: str, beside: Path | None = None) -> Path:
    """The file of a recipe's name or of a path, which may be relative to the folder ``beside``;
    raises :class:`RecipeError` if there is none."""
    for file in (FOLDER / f"{name}.toml", *([beside / name] if beside else []), Path(name)):
        if file.is_file():
            return file
    known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
    raise RecipeError(f"no recipe {name!r}: neither a file nor one of {known}")


def read(name: str, changes: Sequence[str] = ()) -> dict[str, Any]:
    """A recipe's table; ``changes`` such as ``schedule.steps=500`` replace single values.

    A recipe that says ``based_on = "another"`` states only what differs from that one.
    """
    table = _table(locate(name))
    for change in changes:
        key, _, value = change.partition("=")
        try:
            parsed = tomllib.loads(f"value = {_quoted(key.strip(), value.strip())}")["value"]
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"{change!r} is not KEY=VALUE with a TOML value") from error
        *parents, last = key.strip().split(".")
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = parsed
    return table


def based(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``table`` upon the recipe that its ``based_on`` names (relative to ``folder``), if any; a
    ``cfg`` in it lies in ``folder`` or is a shipped one."""
    return _based(table, folder, ())


def _quoted(key: str, value: str) -> str:
    """A path or a code may stand in a change without TOML's quotes, which shells take away."""
    bare = key.rpartition(".")[2] in _WORDS and not value.startswith(("'", '"'))
    return f"'{value}'" if bare and value else value


def _table(file: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    file = file.resolve()
    if file in above:
        raise RecipeError(f"{file}: is based on itself")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{file}: {error}") from error
    return _based(table, file.parent, (*above, file))


def _based(table: dict[str, Any], folder: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    table = dict(table)
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


def build(kind: type[T], table: dict[str, Any], name: str) -> T:
    """``table`` as the dataclass ``kind``; raises :class:`RecipeError` for unknown keys."""
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(table) - known):
        raise RecipeError(f"{name}: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    values = {key: _value(hints[key], value, f"{name}, {key}") for key, value in table.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{name}: {error}") from error


def _value(hint: Any, value: Any, name: str) -> Any:
    part = _dataclass_of(hint)
    if part is None:
        _check_plain(hint, value, name)
        return _frozen(value)
    if get_origin(hint) is not tuple:
        return build(part, value, name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise RecipeError(f"{name}: has to be a list of tables, each begun with [[...]]")
    return tuple(build(part, each, name) for each in value)


def _check_plain(hint: Any, value: Any, name: str) -> None:
    """Texts, numbers and lists of them have to be that."""
    if get_origin(hint) is tuple and isinstance(value, list):
        parts = get_args(hint)
        if parts[-1] is not ... and len(parts) != len(value):
            raise RecipeError(f"{name}: {value!r} has to be a list of {len(parts)}")
        hints = [parts[0]] * len(value) if parts[-1] is ... else parts
        for each, entry in zip(hints, value, strict=True):
            _check_plain(each, entry, name)
        return
    kinds = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}.get(hint)
    is_list = get_origin(hint) is tuple
    if is_list or (
        kinds and (not isinstance(value, kinds) or isinstance(value, bool) != (hint is bool))
    ):
        words = {str: "a text in quotes", bool: "true or false", int: "a whole number"}
        wanted = "a list" if is_list else words.get(hint, "a number")
        raise RecipeError(f"{name}: {value!r} has to be {wanted}")


def _dataclass_of(hint: Any) -> Any:
    """The dataclass that a field holds (or may hold, ``X | None``); None where it holds none."""
    choices = get_args(hint) or (hint,)
    return next((choice for choice in choices if is_dataclass(choice)), None)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
