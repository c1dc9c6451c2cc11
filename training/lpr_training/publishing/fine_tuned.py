"""Fitting a published recognizer to one site: some hundred corrected crops of its own, and a look
at what it could read before, so that nothing is forgotten unnoticed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lpr.errors import LprError
from lpr.models import Model, sha256
from lpr_torch.checkpoints import load_recognizer
from lpr_torch.export import export_onnx
from lpr_training.publishing.model_toml import write_model_toml
from lpr_training.recipes import FOLDER

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORGOTTEN = 0.01
"""A share of old plates that may be lost before it is said aloud."""

_FITTED = "-site"


def site_recipe(base: Model) -> str:
    """The name of the recipe that fits ``base``, which may have been fitted to a site already.

    Raises :class:`lpr.errors.LprError` where there is none.
    """
    name = f"site-{base.name.removesuffix(_FITTED)}"
    known = sorted(file.stem for file in FOLDER.glob("site-*.toml"))
    if name not in known:
        models = ", ".join(each.removeprefix("site-") for each in known)
        raise LprError(f"{base.name} cannot be fitted to a site without a --recipe; {models} can")
    return name


def publish_fine_tuned(base: Model, best: Path, out: Path) -> Path:
    """Write the folder ``out``: the model ``base`` with the recognizer of ``best``."""
    recognizer = load_recognizer(best)
    shutil.copytree(base.folder, out, dirs_exist_ok=True)
    file = out / base.recognizer.file.name
    spec = recognizer.spec
    example = np.zeros((1, spec.planes, spec.height, spec.width), np.float32)
    export_onnx(recognizer.network, example, file)
    content: dict[str, Any] = tomllib.loads((out / "model.toml").read_text(encoding="utf-8"))
    content["name"] = f"{base.name.removesuffix(_FITTED)}{_FITTED}"
    content["sha256"][file.name] = sha256(file)
    content["recognizer"]["crop_margin"] = spec.crop_margin
    content.pop("figures", None)
    write_model_toml(content, out)
    return out


def summary_lines(
    before: dict[str, float], after: dict[str, float], region: str = "tw"
) -> list[str]:
    """What changed, for people: a line for each set of plates, and a warning where old ones are
    lost. ``region`` is the code of those that were rendered."""
    knew = region == "tw"
    names = {
        "site": "the site's own plates",
        "rendered": "the plates it knew" if knew else f"rendered plates of {region}",
        "abroad": "plates from abroad",
    }
    lines = [
        f"{words}: {before[name]:.1%} read exactly before, {after[name]:.1%} after"
        for name, words in names.items()
        if name in after
    ]
    lost = before.get("rendered", 0) - after.get("rendered", 0)
    if knew and lost > FORGOTTEN:
        lines.append(
            f"{lost:.1%} of the plates that it knew are lost: train for fewer steps "
            "(--set schedule.steps=200), or with more of them (--set crops.real=0.3)"
        )
    return lines
