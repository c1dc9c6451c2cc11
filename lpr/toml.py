"""TOML, written: Python itself only reads it."""

from __future__ import annotations

import json
from typing import Any


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
