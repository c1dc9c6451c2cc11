"""One training, from its recipe to the files that are published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lpr.darknet.cfg import Cfg
from lpr.models import Model
from lpr_torch.checkpoints import load_recognizer
from lpr_training.detector.recipe import DetectorRecipe
from lpr_training.detector.task import DetectorTask
from lpr_training.engine.loop import BEST, train
from lpr_training.publishing.fine_tuned import publish_fine_tuned, summary_lines
from lpr_training.publishing.run_export import finish_detector, finish_recognizer
from lpr_training.recognizer.plates import read_plates
from lpr_training.recognizer.recipe import RecognizerRecipe
from lpr_training.recognizer.task import RecognizerTask


@dataclass(frozen=True, slots=True)
class Run:
    """How a training runs.

    ``data`` and ``out`` are the folder of its data and its own. ``start`` is a published model or a
    run's ``best.safetensors`` to take the initial weights from, None for random ones. ``resume``
    continues from the last checkpoint in ``out``; with ``finish_only`` no step is trained and the
    run's best weights are taken. ``device`` is named as torch does.
    """

    data: Path
    out: Path
    start: Model | Path | None = None
    resume: bool = False
    device: str = "cpu"
    finish_only: bool = False

    def prepare(self, task: DetectorTask | RecognizerTask) -> None:
        """Load the initial weights."""
        if isinstance(self.start, Path):
            task.start_from_checkpoint(self.start)
        elif self.start:
            task.start_from(self.start)

    def best(self, task: DetectorTask | RecognizerTask) -> Path:
        """Train; return the checkpoint of the best weights."""
        if self.finish_only:
            return self.out / BEST
        return train(task, task.recipe.schedule, self.out, self.resume, self.device)


def train_detector(recipe: DetectorRecipe, cfg: Cfg, run: Run) -> Path:
    """Train a detector and write its published files; return the checkpoint of the best weights."""
    task = DetectorTask(recipe, run.data, cfg)
    run.prepare(task)
    best = run.best(task)
    finish_detector(task, cfg, best, run.out)
    return best


def train_recognizer(recipe: RecognizerRecipe, run: Run) -> Path:
    """As :func:`train_detector`, for a recognizer."""
    task = _recognizer_task(recipe, run)
    best = run.best(task)
    finish_recognizer(task, best, run.out)
    return best


def fine_tune(recipe: RecognizerRecipe, base: Model, run: Run) -> tuple[Path, list[str]]:
    """Fit the recognizer of ``base`` to the run's data; return the new model folder,
    ``out/model``, and a summary of what the recognizer gained and lost."""
    task = _recognizer_task(recipe, run)
    before = task.check(task.model.eval())
    best = run.best(task)
    after = task.check(load_recognizer(best).network)
    folder = publish_fine_tuned(base, best, run.out / "model")
    return folder, summary_lines(before, after, recipe.crops.region)


def _recognizer_task(recipe: RecognizerRecipe, run: Run) -> RecognizerTask:
    seed = recipe.schedule.seed
    plates = read_plates(run.data, recipe.crops, recipe.spec, seed, recipe.rendered_check)
    task = RecognizerTask(recipe, plates)
    run.prepare(task)
    return task
