"""TOML, written: Python itself only reads it."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from lpr.errors import LprError

if sys.version_info >= (3, 11):
    pass
else:
    pass

if TYPE_CHECKING:
    pass


def to_toml(table: dict[str, Any], name: str = "") -> list[str]:
    """The lines of a TOML table: plain values first, then the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"\n[{name}]"] if name and plain else []
    lines += [f"{_key(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += to_toml(value, f"{name}.{_key(key)}".lstrip("."))
    return lines


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


T = TypeVar("T")


class RecipeError(LprError):
    """A recipe is missing, or says something that the trainer does not know."""


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
