"""Splits a Darknet cfg into sections and reads their keys."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn, TypeVar

from lpr.darknet.layers import ACTIVATIONS, Options
from lpr.errors import ModelError

log = logging.getLogger("lpr")

_T = TypeVar("_T", int, float)
_LARGEST = 2**31 - 1
_MISSPELT = 0.8  # Similarity (difflib, 0..1) from which a key counts as a misspelt one
_SHOWN = 40  # Characters of a value that a message repeats

ALIASES = {
    "network": "net",
    "avg": "avgpool",
    "conv": "convolutional",
    "max": "maxpool",
}
"""Darknet's other names of sections (``string_to_layer_type``)."""


class Section:
    """The keys of a section. Reading a key removes it; :meth:`finish` checks the rest.

    ``index`` counts sections from 0; ``[net]`` has -1. Of a key that is given twice, the first
    counts, as in Darknet.
    """

    def __init__(self, name: str, kind: str, index: int, line: int) -> None:
        self.name = name
        self.kind = kind
        self.index = index
        self.line = line
        self._values: dict[str, tuple[str, int]] = {}
        self._asked: list[str] = []

    def add(self, key: str, value: str, line: int) -> None:
        if key not in self._values:
            self._values[key] = (value, line)
        elif self._values[key][0] != value and self.index >= 0:
            self.warn(f"{key} is given twice; as in Darknet, the first counts", line)

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        raise ModelError(self._located(message, line))

    def warn(self, message: str, line: int) -> None:
        log.warning("%s", self._located(message, line))

    def _located(self, message: str, line: int | None) -> str:
        where = f"section {self.index} [{self.kind}]" if self.index >= 0 else f"[{self.kind}]"
        return f"{self.name}:{line or self.line}: {where}: {message}"

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

    def integers(self, key: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Read whole numbers; the key is required if there is no default."""
        if default is not None and key not in self._values:
            self._asked.append(key)
            return default
        return self._numbers(key, int)

    def reals(self, key: str) -> tuple[float, ...]:
        return self._numbers(key, float)

    def activation(self) -> str | None:
        found = self.text("activation")
        if found is None:
            return None
        if found[0] not in ACTIVATIONS:
            self.fail(
                f"activation={_short(found[0])} is not one that lpr runs: {', '.join(ACTIVATIONS)}",
                found[1],
            )
        return found[0]

    def only(self, key: str, neutral: str, reason: str) -> None:
        """Refuse ``key`` unless it has its neutral value."""
        found = self.text(key)
        if found is not None and found[0] != neutral:
            self.fail(f"{key}={_short(found[0])} {reason}", found[1])

    def keep(self, keys: frozenset[str]) -> Options:
        """Remove and return the given keys as text."""
        kept = [(key, value) for key, (value, _) in self._values.items() if key in keys]
        for key, _ in kept:
            del self._values[key]
        return tuple(kept)

    def finish(self) -> None:
        """Refuse a key that looks like a misspelt one; pass over any other, as Darknet does."""
        for key, (_, line) in self._values.items():
            near = get_close_matches(key, self._asked, n=1, cutoff=_MISSPELT)
            if near:
                self.fail(f"unknown key {_short(key)}; did you mean {near[0]}?", line)
            self.warn(f"unknown key {_short(key)} is passed over", line)

    def _numbers(self, key: str, kind: Callable[[str], _T]) -> tuple[_T, ...]:
        found = self.text(key)
        if found is None:
            self.fail(f"needs {key}=")
        value, line = found
        parts = value.removesuffix(",").split(",")
        return tuple(self._number(key, part, line, kind) for part in parts)

    def _number(self, key: str, value: str, line: int, kind: Callable[[str], _T]) -> _T:
        what = "whole number" if kind is int else "finite number"
        try:
            number = kind(value)
        except ValueError:
            self.fail(f"{key}= holds {_short(value)!r}, which is not a {what}", line)
        if not -_LARGEST <= number <= _LARGEST:
            self.fail(
                f"{key}= holds {_short(value)!r}, which is not a {what} in +-{_LARGEST}", line
            )
        return number


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}... ({len(value)} characters)"


def split(text: str, name: str) -> list[Section]:
    """Split a cfg into sections; raises :class:`ModelError` for a line outside of them.

    As in Darknet, whitespace is ignored. ``;`` or ``#`` begins a comment.
    """
    sections: list[Section] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = "".join(re.split("[#;]", raw, maxsplit=1)[0].split())
        if not line:
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                raise ModelError(
                    f"{name}:{number}: {_short(raw.strip())!r} is no section; close it with ]"
                )
            kind = ALIASES.get(line[1:-1], line[1:-1])
            sections.append(Section(name, kind, len(sections) - 1, number))
            continue
        key, equals, value = line.partition("=")
        if not (key and equals and value):
            raise ModelError(
                f"{name}:{number}: {_short(raw.strip())!r} is neither [section] nor key=value"
            )
        if not sections:
            raise ModelError(f"{name}:{number}: {key} stands before any section; start with [net]")
        sections[-1].add(key, value, number)
    return sections
