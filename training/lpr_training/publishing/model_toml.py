"""``model.toml``, written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lpr.utils.toml import to_toml


def write_model_toml(content: dict[str, Any], folder: Path) -> None:
    """Write the description of a model folder."""
    text = "\n".join(to_toml(content)) + "\n"
    (folder / "model.toml").write_text(text, encoding="utf-8")
