"""Turns the cross-references of docstrings into links of the site.

``:class:`lpr.Reader``` becomes a Markdown reference if the API reference describes the object, else
plain code; ``::`` before an indented block becomes ``:``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`~?([\w.]+)`")
_DESCRIBED = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
_API = Path(__file__).parents[1] / "api.md"


class Roles(griffe.Extension):
    """Rewrites the docstrings of every loaded module."""

    def __init__(self) -> None:
        self.described = frozenset(_DESCRIBED.findall(_API.read_text(encoding="utf-8")))

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring:
            text = _ROLE.sub(lambda role: self._link(role[1], obj), obj.docstring.value)
            obj.docstring.value = re.sub(r"(?m)^::\n\n", "", text).replace("::\n\n", ":\n\n")

    def _link(self, name: str, near: griffe.Object) -> str:
        places = (name, f"{near.module.path}.{name}", f"{near.module.path.split('.')[0]}.{name}")
        return next(
            (f"[`{name}`][{place}]" for place in places if self._is_described(place)), f"`{name}`"
        )

    def _is_described(self, place: str) -> bool:
        return place in self.described or place.rpartition(".")[0] in self.described
