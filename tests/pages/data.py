"""``toml`` and ``json`` blocks, read by the code that reads such files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
from sybil import Example

from lpr.models import locate_model, read_model, sha256, verify
from lpr.utils.toml import parse_toml
from tests.pages.folder import REPOSITORY
from tests.pages.python import write_named

_RECORD = REPOSITORY / "docs" / "schema" / "record-1.json"


def run_json(example: Example) -> None:
    """One JSON value, or one per line; records must match their schema."""
    for value in _values(example.parsed):
        if isinstance(value, dict) and value.get("schema") == 1:
            jsonschema.validate(value, json.loads(_RECORD.read_text()))


def _values(source: str) -> list[Any]:
    try:
        return [json.loads(source)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in source.splitlines() if line]


def run_toml(example: Example) -> None:
    """TOML; a complete model.toml must give a valid model folder with the shipped files."""
    content = parse_toml(example.parsed, "text")
    write_named(example.parsed, example.namespace["folder"].path)
    if {"schema", "sha256"} <= content.keys():
        _check_model(example.parsed, example.namespace["folder"].path / "a-model")


def _check_model(source: str, folder: Path) -> None:
    shutil.copytree(locate_model("tw-light"), folder)
    hashed = re.sub(r'"([\w.]+)" = "\.\.\."', lambda m: _stated(folder / m[1]), source)
    (folder / "model.toml").write_text(hashed, encoding="utf-8")
    assert verify(read_model(folder)) == []


def _stated(file: Path) -> str:
    return f'"{file.name}" = "{sha256(file)}"'
