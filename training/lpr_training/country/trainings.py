"""Both networks of a country's model: the base model's, trained on by the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lpr.models import Model
from lpr_training.detector.recipe import detector_of
from lpr_training.detector.task import DetectorTask
from lpr_training.engine.loop import train
from lpr_training.publishing.run_export import finish_detector, finish_recognizer
from lpr_training.recognizer.plates import read_plates
from lpr_training.recognizer.recipe import recognizer_of
from lpr_training.recognizer.task import RecognizerTask


def train_detector(
    table: dict[str, Any], base: Model, scenes: Path, out: Path, resume: bool, device: str
) -> None:
    """Train the detector of the recipe ``table`` on the labelled set ``scenes`` into ``out``,
    beginning with the weights of ``base`` or, with ``resume``, going on where the run ended."""
    recipe, cfg = detector_of(table, "[detector]")
    task = DetectorTask(recipe, scenes, cfg)
    task.start_from(base)
    best = train(task, recipe.schedule, out, resume, device)
    finish_detector(task, cfg, best, out)


def train_recognizer(
    table: dict[str, Any], base: Model, crops: Path, out: Path, resume: bool, device: str
) -> None:
    """As :func:`train_detector`, for the recognizer and the labelled set ``crops``."""
    recipe = recognizer_of(table, "[recognizer]")
    seed = recipe.schedule.seed
    plates = read_plates(crops, recipe.crops, recipe.spec, seed, recipe.rendered_check)
    task = RecognizerTask(recipe, plates)
    task.start_from(base)
    best = train(task, recipe.schedule, out, resume, device)
    finish_recognizer(task, best, out)
