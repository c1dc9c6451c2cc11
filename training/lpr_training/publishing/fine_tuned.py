"""A published recognizer fine-tuned to one site with some hundred of its corrected crops.

Rendered plates are read before and after it, to measure forgetting.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from lpr.errors import LprError
from lpr.models import Model, read_tables, write_model
from lpr_torch.checkpoints import load_recognizer
from lpr_torch.export import export_onnx
from lpr_training.recipes import FOLDER

FORGOTTEN = 0.01
"""The share of formerly readable plates that may be lost without a warning."""

_FITTED = "-site"  # The suffix of a fine-tuned model's name


def site_recipe(base: Model) -> str:
    """The name of the recipe that fine-tunes ``base`` (possibly fine-tuned before).

    Raises :class:`lpr.errors.LprError` if no recipe does.
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
    tables = read_tables(out)
    tables["name"] = f"{base.name.removesuffix(_FITTED)}{_FITTED}"
    tables["recognizer"]["crop_margin"] = spec.crop_margin
    tables.pop("figures", None)
    write_model(out, tables)
    return out


def summary_lines(
    before: dict[str, float], after: dict[str, float], region: str = "tw"
) -> list[str]:
    """One line for each set of plates, and a warning if formerly readable ones are lost.

    ``before`` and ``after`` are the checks' figures, ``region`` the code of the rendered plates.
    """
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
