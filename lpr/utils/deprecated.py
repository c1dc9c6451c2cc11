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
            setattr(kind, old, property(functools.partial(_read, old=old, new=new)))
        return kind

    return decorate


def _read(self: object, *, old: str, new: str) -> Any:
    _warn(type(self), old, new)
    return getattr(self, new)


def _warn(kind: type, old: str, new: str) -> None:
    message = f"{kind.__name__}.{old} is now {kind.__name__}.{new}; the old name goes with lpr 0.3"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
