"""TOML files as dataclasses, and tables as TOML."""

from __future__ import annotations

import json
import math
import re
import reprlib
import sys
from collections.abc import Collection
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import NoneType
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from lpr.errors import LprError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

_WORDS = {str: "a text in quotes", bool: "true or false", int: "a whole number", float: "a number"}


class RecipeError(LprError):
    """A recipe is missing or invalid."""


# Python refuses to convert longer numbers (sys.get_int_max_str_digits).
_LONG_NUMBER = re.compile(r"^\s*(?P<key>[^=\s]+)?.*?(?P<number>\d[\d_]{999,})", re.MULTILINE)


def parse_toml(text: str, name: str, error: type[LprError] = RecipeError) -> dict[str, Any]:
    """Parse TOML. Raises ``error`` with the file's ``name`` and what is wrong where."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
        return table
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{name}: {problem}") from problem
    except RecursionError:
        raise error(f"{name}: its lists or tables are nested too deeply") from None
    except ValueError as problem:
        found = _LONG_NUMBER.search(text)
        if found is None:
            raise error(f"{name}: {problem}") from problem
        line = text.count("\n", 0, found.start("number")) + 1
        digits = len(found["number"])
        raise error(
            f"{name}: {found['key']} has a number of {digits} digits (line {line})"
        ) from None


def to_toml(table: dict[str, Any], name: str = "") -> list[str]:
    """The lines of a TOML table: plain values first, then the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"\n[{name}]"] if name and plain else []
    lines += [f"{_key(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += to_toml(value, f"{name}.{_key(key)}".lstrip("."))
    return lines


def build(
    kind: type[T],
    table: dict[str, Any],
    name: str,
    section: str = "",
    *,
    required: Collection[str] = (),
    error: type[LprError] = RecipeError,
) -> T:
    """The TOML ``table`` as the dataclass ``kind``, whose fields may be dataclasses themselves.

    Fields without a default have to be given, and so have those in ``required``. Raises ``error``
    with the file's ``name``, the section and the key for a key that is unknown or missing, for a
    value of another type, and for a ``ValueError`` of ``__post_init__``.
    """
    return _Builder(name, error).build(kind, table, section, required)


@dataclass(frozen=True, slots=True)
class _Builder:
    name: str
    error: type[LprError]

    def build(
        self, kind: type[T], table: dict[str, Any], section: str, required: Collection[str] = ()
    ) -> T:
        known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
        if unknown := sorted(set(table) - set(known)):
            words = f"unknown {', '.join(unknown)}; known are {', '.join(known)}"
            self.fail(section, words)
        for field in known.values():
            optional = field.default is not MISSING or field.default_factory is not MISSING
            if field.name not in table and (field.name in required or not optional):
                self.fail(section, f"{field.name} has to be given")
        hints = get_type_hints(kind)
        values = {key: self.value(hints[key], value, section, key) for key, value in table.items()}
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:
            self.fail(section, str(error), error)

    def value(self, hint: Any, value: Any, section: str, key: str) -> Any:
        hint = _without_none(hint)
        origin, parts = get_origin(hint), get_args(hint)
        below = f"{section}.{_key(key)}".lstrip(".")
        if is_dataclass(hint) or dict in (hint, origin):
            self.expect(isinstance(value, dict), "a table", value, section, key)
            if isinstance(hint, type) and is_dataclass(hint):
                return self.build(hint, value, below)
            part = parts[1] if parts else Any
            return {k: self.value(part, each, below, k) for k, each in value.items()}
        if origin is tuple:
            tables = is_dataclass(parts[0])
            words = "a list of tables, each begun with [[...]]" if tables else "a list"
            self.expect(isinstance(value, (list, tuple)), words, value, section, key)
            hints = [parts[0]] * len(value) if parts[-1] is ... else parts
            self.expect(len(hints) == len(value), f"a list of {len(hints)}", value, section, key)
            return tuple(self.value(h, v, section, key) for h, v in zip(hints, value, strict=True))
        if origin is Literal:
            self.expect(value in parts, f"one of {', '.join(parts)}", value, section, key)
        if hint in _WORDS:
            kinds = (int, float) if hint is float else (hint,)
            # A TOML boolean is a Python int, but no number.
            fits = isinstance(value, kinds) and isinstance(value, bool) == (hint is bool)
            self.expect(fits, _WORDS[hint], value, section, key)
            finite = hint is not float or math.isfinite(value)
            self.expect(finite, "a finite number", value, section, key)
        return _frozen(value)

    def expect(self, fits: bool, words: str, value: Any, section: str, key: str) -> None:
        if not fits:
            self.fail(section, f"{key} has to be {words}, not {reprlib.repr(value)}")

    def fail(self, section: str, words: str, cause: Exception | None = None) -> NoReturn:
        place = f"{self.name}: [{section}]" if section else f"{self.name}:"
        raise self.error(f"{place} {words}") from cause


def _without_none(hint: Any) -> Any:
    """``X`` for ``X | None``: TOML has no null."""
    choices = [choice for choice in get_args(hint) if choice is not NoneType]
    return choices[0] if len(choices) == 1 and NoneType in get_args(hint) else hint


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)
