"""Old names of attributes and keyword arguments, kept for one release."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

C = TypeVar("C")


def renamed(**names: str) -> Callable[[type[C]], type[C]]:
    """A class decorator: each old name stays as a keyword argument and as an attribute, with a
    ``DeprecationWarning`` that gives the new one."""

    def decorate(kind: type[C]) -> type[C]:
        construct: Callable[..., None] = kind.__init__

        @functools.wraps(construct)
        def init(self: C, *args: Any, **values: Any) -> None:
            for old in names.keys() & values.keys():
                _warn(kind, old, names[old])
                values[names[old]] = values.pop(old)
            construct(self, *args, **values)

        kind.__init__ = init  # type: ignore[method-assign, assignment]
        for old, new in names.items():
            setattr(kind, old, _alias(kind, old, new))
        return kind

    return decorate


def _alias(kind: type, old: str, new: str) -> property:
    def get(self: object) -> Any:
        _warn(kind, old, new)
        return getattr(self, new)

    def put(self: object, value: Any) -> None:
        _warn(kind, old, new)
        setattr(self, new, value)

    return property(get, put, doc=f"The old name of ``{new}``; goes with lpr 0.3.")


def _warn(kind: type, old: str, new: str) -> None:
    message = f"{kind.__name__}.{old} is now {kind.__name__}.{new}; the old name goes with lpr 0.3"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
