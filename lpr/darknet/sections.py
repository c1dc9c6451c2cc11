"""Splits a Darknet cfg into sections and reads their keys."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn, TypeVar

from lpr.darknet.layers import ACTIVATIONS, Options
from lpr.errors import ModelError

_T = TypeVar("_T", int, float)
_LARGEST = 2**31 - 1


class Section:
    """The keys of a section. Reading a key removes it; :meth:`finish` refuses the rest.

    ``index`` counts sections from 0; ``[net]`` has -1.
    """

    def __init__(self, name: str, kind: str, index: int, line: int) -> None:
        self.name = name
        self.kind = kind
        self.index = index
        self.line = line
        self._values: dict[str, tuple[str, int]] = {}
        self._asked: list[str] = []

    def add(self, key: str, value: str, line: int) -> None:
        if key in self._values:
            self.fail(f"{key} is given twice; keep one", line)
        self._values[key] = (value, line)

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        where = f"section {self.index} [{self.kind}]" if self.index >= 0 else f"[{self.kind}]"
        raise ModelError(f"{self.name}:{line or self.line}: {where}: {message}")

    def text(self, key: str) -> tuple[str, int] | None:
        self._asked.append(key)
        return self._values.pop(key, None)

    def integer(self, key: str, default: int | None = None, least: int = 0) -> int:
        """Read an integer of at least ``least``; the key is required if there is no default."""
        found = self.text(key)
        if found is None:
            if default is None:
                self.fail(f"needs {key}=")
            return default
        value, line = found
        number = self._number(key, value, line, int)
        if number < least:
            self.fail(f"{key}={value} must be at least {least}", line)
        return number

    def flag(self, key: str) -> bool:
        found = self.text(key)
        if found is not None and found[0] not in ("0", "1"):
            self.fail(f"{key}={found[0]} must be 0 or 1", found[1])
        return found is not None and found[0] == "1"

    def real(self, key: str, default: float) -> float:
        found = self.text(key)
        return default if found is None else self._number(key, *found, float)

    def integers(self, key: str) -> tuple[int, ...]:
        return self._numbers(key, int)

    def reals(self, key: str) -> tuple[float, ...]:
        return self._numbers(key, float)

    def activation(self) -> str | None:
        found = self.text("activation")
        if found is None:
            return None
        if found[0] not in ACTIVATIONS:
            self.fail(
                f"activation={found[0]} is not known; use one of {', '.join(ACTIVATIONS)}", found[1]
            )
        return found[0]

    def only(self, key: str, neutral: str, reason: str) -> None:
        """Refuse ``key`` unless it has its neutral value."""
        found = self.text(key)
        if found is not None and found[0] != neutral:
            self.fail(f"{key}={found[0]} {reason}; take it out", found[1])

    def keep(self, keys: frozenset[str]) -> Options:
        """Remove and return the given keys as text."""
        kept = [(key, value) for key, (value, _) in self._values.items() if key in keys]
        for key, _ in kept:
            del self._values[key]
        return tuple(kept)

    def finish(self) -> None:
        for key, (_, line) in self._values.items():
            near = get_close_matches(key, self._asked, n=1)
            hint = f"did you mean {near[0]}?" if near else "take it out or correct it"
            self.fail(f"unknown key {key}; {hint}", line)

    def _numbers(self, key: str, kind: Callable[[str], _T]) -> tuple[_T, ...]:
        found = self.text(key)
        if found is None:
            self.fail(f"needs {key}=")
        value, line = found
        return tuple(self._number(key, part, line, kind) for part in value.split(","))

    def _number(self, key: str, value: str, line: int, kind: Callable[[str], _T]) -> _T:
        what = "whole number" if kind is int else "finite number"
        try:
            number = kind(value)
        except ValueError:
            self.fail(f"{key}= holds {value!r}, which is not a {what}", line)
        if not -_LARGEST <= number <= _LARGEST:
            self.fail(f"{key}= holds {value!r}, which is not a {what} in +-{_LARGEST}", line)
        return number


def split(text: str, name: str) -> list[Section]:
    """Split a cfg into sections; raises :class:`ModelError` for a line outside of them.

    As in Darknet, whitespace is ignored, and ``;`` at the start of a line or ``#`` anywhere begins
    a comment.
    """
    sections: list[Section] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = "".join(raw.split("#")[0].split())
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                raise ModelError(f"{name}:{number}: {raw.strip()!r} is no section; close it with ]")
            sections.append(Section(name, line[1:-1], len(sections) - 1, number))
            continue
        key, equals, value = line.partition("=")
        if not (key and equals and value):
            raise ModelError(f"{name}:{number}: {raw.strip()!r} is neither [section] nor key=value")
        if not sections:
            raise ModelError(f"{name}:{number}: {key} stands before any section; start with [net]")
        sections[-1].add(key, value, number)
    return sections
