"""Two finished runs and a recipe's text about them become a model folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lpr
from lpr.errors import LprError
from lpr.evaluate import evaluate
from lpr.models import write_model
from lpr.recognition.ctc_reader import CtcReader
from lpr.specs.calibration import Calibration
from lpr_training.datasets.sets import open_sets
from lpr_training.publishing.calibration import fit_calibration
from lpr_training.publishing.thresholds import DETECTION, Thresholds, choose, put_thresholds
from lpr_training.recipes import read

FILES = {"detector": ("cfg", "weights"), "recognizer": ("file",)}


def publish(recipe: str, detector: Path, recognizer: Path, data: Path, out: Path) -> None:
    """Write the model folder ``out``, with the thresholds that do best on the held-out part
    of the sets ``data``.

    Raises :class:`lpr.errors.LprError` for an unfinished run, and :class:`lpr.errors.ModelError`
    if the result is not a valid model folder.
    """
    content = assemble(recipe, detector, recognizer, out)
    put_thresholds(content, Thresholds(DETECTION[0], 0.0, 1.0))
    write_model(out, content)
    content["recognizer"]["calibration"] = asdict(calibrated(out, data))
    write_model(out, content)
    sets = open_sets(data)
    with lpr.load(str(out), backend="cpu") as reader:
        chosen, figures = choose(evaluate(reader, sets.held_out()), sets.unlabelled_boxes())
    put_thresholds(content, chosen)
    content["figures"]["dev"] |= {k: v for k, v in figures.items() if not k.startswith("ms_")}
    write_model(out, content)


def calibrated(folder: Path, data: Path) -> Calibration:
    """The calibration of a model folder's recognizer with the model's formats."""
    with lpr.load(str(folder), backend="cpu") as reader:
        recognizer = reader.recognizer
        assert isinstance(recognizer, CtcReader)  # as is every published recognizer
        return fit_calibration(recognizer, data)


def assemble(recipe: str, detector: Path, recognizer: Path, out: Path) -> dict[str, Any]:
    """Copy the networks' files to ``out``; returns the content of its ``model.toml``."""
    content = read(recipe)
    credits = content.pop("credits", [])
    training: dict[str, Any] = {"recipe": recipe, "credits": credits}
    figures: dict[str, Any] = {}
    out.mkdir(parents=True, exist_ok=True)
    for name, run in (("detector", detector), ("recognizer", recognizer)):
        file = run / "part.json"
        if not file.is_file():
            raise LprError(f"{file} is missing: let the run end, or finish it with --resume")
        part = json.loads(file.read_text(encoding="utf-8"))
        content[name] = part["table"] | content.get(name, {})
        training[name] = part["training"]
        figures[name] = part["figures"]
        for key in FILES[name]:
            shutil.copyfile(run / part["table"][key], out / part["table"][key])
    return content | {"training": training, "figures": {"dev": figures}}
