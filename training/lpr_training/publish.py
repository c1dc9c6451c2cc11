"""Two finished runs and a recipe's words about them -> a model folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from lpr.errors import LprError
from lpr.models import SCHEMA, load_model, sha256
from lpr_training.recipes import read

FILES = {"detector": ("cfg", "weights"), "recognizer": ("file",)}


def publish(recipe: str, detector: Path, recognizer: Path, out: Path) -> None:
    """Write the model folder ``out`` and verify it.

    Raises :class:`lpr.errors.LprError` where a run is not finished, and
    :class:`lpr.errors.ModelError` where what was written is no sound model folder.
    """
    words = read(recipe)
    credits = words.pop("credits", [])
    content: dict[str, Any] = {"schema": SCHEMA, **words}
    training: dict[str, Any] = {"recipe": recipe, "credits": credits}
    figures: dict[str, Any] = {}
    hashes: dict[str, str] = {}
    out.mkdir(parents=True, exist_ok=True)
    for name, run in (("detector", detector), ("recognizer", recognizer)):
        part = _part(run)
        content[name] = part["table"]
        training[name] = part["training"]
        figures[name] = part["figures"]
        for key in FILES[name]:
            file = part["table"][key]
            shutil.copyfile(run / file, out / file)
            hashes[file] = sha256(out / file)
    content |= {"sha256": hashes, "training": training, "figures": {"dev": figures}}
    (out / "model.toml").write_text("\n".join(to_toml(content)) + "\n", encoding="utf-8")
    load_model(str(out))


def _part(run: Path) -> dict[str, Any]:
    file = run / "part.json"
    if not file.is_file():
        raise LprError(f"{file} is missing: let the run end, or finish it with --resume")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def to_toml(table: dict[str, Any], name: str = "") -> list[str]:
    """The lines of a TOML table: plain values first, then the tables in it."""
    lines = [f"\n[{name}]"] if name else []
    for key, value in table.items():
        if not isinstance(value, dict):
            lines.append(f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}")
    for key, value in table.items():
        if isinstance(value, dict):
            lines += to_toml(value, f"{name}.{_key(key)}".lstrip("."))
    return lines


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)
