"""``lpr train`` and ``lpr data``. ``lpr data`` works without torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from lpr.models import Model, load_model
from lpr_training.cli.data import COMMANDS

Command = TypeVar("Command", bound=Callable[..., object])

_RECOGNIZER = "tw-light-recognizer"


@click.group()
def train() -> None:
    """Train a model's networks and publish them as a model folder."""


@click.group()
def data() -> None:
    """Prepare what is trained on: labels, anchors, crops; rendered plates and scenes."""


for _command in COMMANDS:
    data.add_command(_command)


def _start(_: click.Context, __: click.Parameter, name: str | None) -> Model | Path | None:
    """Looked for with the options: one that is not there is known before the pictures, which take
    minutes."""
    if name and name.endswith(".safetensors"):
        if not Path(name).is_file():
            raise click.BadParameter(f"there is no checkpoint {name}")
        return Path(name)
    return load_model(name) if name else None


def _device(_: click.Context, __: click.Parameter, name: str) -> str:
    import torch

    try:
        torch.empty(1, device=name)
    except (AssertionError, RuntimeError) as error:
        raise click.BadParameter(f"torch cannot use {name!r} here: {error}".splitlines()[0]) from (
            error
        )
    return name


_DEVICE = click.option(
    "--device",
    default="cpu",
    show_default=True,
    callback=_device,
    help="Where to train, as torch names it: cpu, cuda, cuda:1.",
)
_CHANGES = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the recipe, such as schedule.steps=500.",
)


def _training_options(default_recipe: str | None) -> Callable[[Command], Command]:
    folder = click.Path(path_type=Path, file_okay=False)
    options = [
        click.option(
            "--recipe",
            default=default_recipe,
            show_default=default_recipe or "tw-light-recognizer, or site-MODEL for a site's crops",
            help="A recipe's name or the path of its TOML file.",
        ),
        click.option(
            "--data",
            "root",
            required=True,
            type=click.Path(path_type=Path),
            help="A labelled set of one's own, with its labels.csv (lpr data table makes one), or "
            "another table of its labels, or the folder of the sets that the shipped recipes train "
            "on.",
        ),
        click.option("--out", required=True, type=folder, help="The run's folder."),
        click.option("--resume", is_flag=True, help="Go on from the run's last checkpoint."),
        click.option(
            "--from",
            "start",
            metavar="MODEL",
            callback=_start,
            help="Begin with the weights of a model (name or folder) or of a run's "
            "best.safetensors, not with random ones.",
        ),
        _DEVICE,
        click.option(
            "--finish",
            is_flag=True,
            help="Train no further: write the published files of the run's best weights.",
        ),
        _CHANGES,
    ]

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@train.command()
@_training_options("tw-light-detector")
def detector(
    recipe: str,
    root: Path,
    out: Path,
    resume: bool,
    start: Model | Path | None,
    device: str,
    finish: bool,
    changes: tuple[str, ...],
) -> None:
    """Train a detector, check it on dev after each epoch and keep the best.

    Where --data holds a labels.csv, its pictures are trained on: those of the split train, checked
    by those of dev or, where no split is named, by every fifth.
    """
    from lpr_training.datasets.user_set import is_own
    from lpr_training.detector.recipe import detector_recipe
    from lpr_training.detector.task import DetectorTask
    from lpr_training.engine.loop import BEST
    from lpr_training.engine.loop import train as run
    from lpr_training.publishing.run_export import finish_detector

    chosen, cfg = detector_recipe(recipe, changes)
    task = DetectorTask(chosen, root, cfg)
    if isinstance(start, Path):
        task.start_from_checkpoint(start)
    elif start:
        task.start_from(start)
    best = out / BEST if finish else run(task, chosen.schedule, out, resume, device)
    finish_detector(task, cfg, best, out)
    click.echo(f"{out}: detector.cfg, detector.weights and part.json are ready to be published")
    if is_own(root):
        _tell_export(best)


@train.command()
@_training_options(None)
def recognizer(
    recipe: str | None,
    root: Path,
    out: Path,
    resume: bool,
    start: Model | Path | None,
    device: str,
    finish: bool,
    changes: tuple[str, ...],
) -> None:
    """Train a recognizer, check it on dev after each epoch and keep the best.

    Where --data holds a labels.csv, its plates with texts are trained on beside rendered ones. With
    the model of --from it is fitted to them; what it could read before is measured too, and
    OUT/model is the whole model with the new recognizer.
    """
    from lpr_torch.checkpoints import load_recognizer
    from lpr_training.datasets.user_set import is_own
    from lpr_training.engine.loop import BEST
    from lpr_training.engine.loop import train as run
    from lpr_training.publishing.fine_tuned import publish_adapted, site_recipe, told
    from lpr_training.publishing.run_export import finish_recognizer
    from lpr_training.recognizer.plates import read_plates
    from lpr_training.recognizer.recipe import recognizer_recipe
    from lpr_training.recognizer.task import RecognizerTask

    site = start if isinstance(start, Model) and is_own(root) else None
    chosen = recognizer_recipe(recipe or (site_recipe(site) if site else _RECOGNIZER), changes)
    plates = read_plates(
        root, chosen.crops, chosen.spec, chosen.schedule.seed, chosen.rendered_check
    )
    task = RecognizerTask(chosen, plates)
    if isinstance(start, Path):
        task.start_from_checkpoint(start)
    elif start:
        task.start_from(start)
    before = task.check(task.model.eval()) if site else {}
    best = out / BEST if finish else run(task, chosen.schedule, out, resume, device)
    if site:
        after = task.check(load_recognizer(best).network)
        for line in told(before, after, chosen.crops.region):
            click.echo(line, err=True)
        folder = publish_adapted(site, best, out / "model")
        click.echo(f"{folder}: a model folder; use it with: lpr detect --model {folder}")
        return
    finish_recognizer(task, best, out)
    click.echo(f"{out}: recognizer.onnx and part.json are ready to be published")
    if is_own(root):
        _tell_export(best)


def _tell_export(best: Path) -> None:
    click.echo(f"lpr: both networks make a model: lpr export {best} OTHER --out MODEL", err=True)


@train.command()
@click.argument("model", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--data",
    "root",
    required=True,
    type=click.Path(path_type=Path),
    help="A labelled set of one's own.",
)
def thresholds(model: Path, root: Path) -> None:
    """Choose the thresholds of a MODEL folder by what is held out of a labelled set.

    They are those with the highest F1 score, the harmonic mean of the share of plates that are
    found and of the share of outputs that are plates, and are written into its model.toml.
    """
    from lpr_training.publishing.user_thresholds import choose_thresholds

    chosen, figures = choose_thresholds(model, root)
    click.echo(
        f"{model}: threshold {chosen.detection}, min_confidence {chosen.reading}, "
        f"sure {chosen.sure}"
    )
    found = 100 * (figures["found"] or 0)
    click.echo(
        f"lpr: on {figures['pictures']} pictures {found:.1f} % of the plates are found, with "
        f"{figures['false_readings']} false readings",
        err=True,
    )


@train.command()
@click.argument("recipe")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything goes; what is finished there is passed over.",
)
@_DEVICE
@_CHANGES
def country(recipe: str, out: Path, device: str, changes: tuple[str, ...]) -> None:
    """Make a region pack and a model for a new country, all by one RECIPE.

    Its plates are rendered, and both networks of a published model trained on with them. Run again,
    the command goes on where it was interrupted, and does anew what has changed in the recipe.
    """
    from lpr_training.country.recipe import country_recipe
    from lpr_training.country.run import train_country

    chosen, folder = country_recipe(recipe, changes)
    train_country(chosen, folder, out, device, lambda line: click.echo(f"lpr: {line}", err=True))
    if (out / "region").is_dir():
        click.echo(
            f"{out / 'region'}: a region pack; install it with: pip install {out / 'region'}"
        )
    model = out / "model"
    click.echo(f"{out / 'report.md'}: how well {model} reads, and {chosen.base} before it")
    click.echo(f"use it with: lpr detect --model {model} --region {chosen.code} car.jpg")


@train.command()
@click.option("--recipe", default="tw-light", show_default=True, help="What model.toml shall say.")
@click.option("--detector", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--recognizer", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--data", "root", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def publish(recipe: str, detector: Path, recognizer: Path, root: Path, out: Path) -> None:
    """Put a detector's and a recognizer's run together as a model folder.

    Its thresholds are those that do best on dev.
    """
    from lpr_training.publishing.publish import publish as put_together

    put_together(recipe, detector, recognizer, root, out)
    click.echo(f"{out}: a model folder; see it with: lpr models verify {out}")


@train.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A PNG or SVG."
)
def curves(run: Path, out: Path) -> None:
    """Draw the loss and the figures on dev of a run's folder."""
    from lpr_training.engine.curves import draw_curves

    draw_curves(run, out)


@data.command()
@click.option(
    "--preview",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one picture with many plates to look at.",
)
@click.option(
    "--crops",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the recipe's plates and their labels.csv to this folder, as lpr eval reads them.",
)
@click.option(
    "--video",
    metavar="RECIPE",
    help="Render the film of this recipe into --out, with its truth as .json beside it.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="An .mp4 for --video.")
@click.option("--recipe", default="kept-out", show_default=True, help="What --crops writes.")
@click.option("--count", type=click.IntRange(1), help="How many; by default 60, or the recipe's.")
@click.option("--seed", type=click.IntRange(0), help="By default 1, or the recipe's.")
@click.option("--region", help="Whose plates, such as tw; by default tw, or the recipe's.")
def synth(
    preview: Path | None,
    crops: Path | None,
    video: str | None,
    out: Path | None,
    recipe: str,
    count: int | None,
    seed: int | None,
    region: str | None,
) -> None:
    """Render plates, each with a little around it, or a film of a road."""
    from lpr_training.datasets.rendered import kept_out_recipe
    from lpr_training.datasets.write_rendered import write_crops, write_preview
    from lpr_training.synth.video.recipe import video_recipe

    if sum(wanted is not None for wanted in (preview, crops, video)) != 1:
        raise click.UsageError("give one of --preview FILE, --crops FOLDER and --video RECIPE")
    if (video is None) != (out is None):
        raise click.UsageError("--video RECIPE and --out FILE.mp4 belong together")
    if video is not None and out is not None:
        from lpr_training.synth.video.render import write_video

        write_video(video_recipe(video, [] if seed is None else [f"seed={seed}"]), out)
    if preview is not None:
        write_preview(preview, count or 60, 1 if seed is None else seed, region or "tw")
    if crops is not None:
        given = {"count": count, "seed": seed, "region": region and f"'{region}'"}
        changes = [f"{name}={value}" for name, value in given.items() if value is not None]
        write_crops(crops, kept_out_recipe(recipe, changes))


@data.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", default=100, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=1, show_default=True)
def sample(folder: Path, count: int, seed: int) -> None:
    """Write rendered scenes and their labels.csv to FOLDER, as lpr eval reads them."""
    from lpr_training.datasets.write_rendered import write_scenes

    write_scenes(folder, count, seed)
