"""``lpr train``: networks trained, fitted to a site or a country, and published."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click

from lpr.cli.groups import CommandGroup
from lpr.errors import LprError
from lpr.models import Model, load_model
from lpr.runtimes.traits import CPU_WHEELS
from lpr_training.cli.options import EXISTING, EXISTING_FOLDER, FOLDER, OUT_FILE, note

Command = TypeVar("Command", bound=Callable[..., object])

INSTALL = f"pip install ./plugins/lpr-torch './training[torch]' ({CPU_WHEELS})"

_RECOGNIZER = "tw-light-recognizer"


class _TorchGroup(CommandGroup):
    """Commands that need PyTorch; without it only their help is there."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not set(args) & set(ctx.help_option_names):
            _require_torch()
        return super().resolve_command(ctx, args)


def _require_torch() -> None:
    with contextlib.suppress(ImportError):
        if all(map(find_spec, ("torch", "lpr_torch"))):
            return
    raise LprError(f"lpr train needs PyTorch and lpr-torch; install them with: {INSTALL}")


@click.group(cls=_TorchGroup)
def train() -> None:
    """Train a model's networks and publish them as a model folder."""


def _start(_: click.Context, __: click.Parameter, name: str | None) -> Model | Path | None:
    """The model or checkpoint of an option: a wrong name fails before the pictures are loaded."""
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
        problem = f"torch cannot use {name!r} here: {error}".splitlines()[0]
        raise click.BadParameter(problem) from error
    return name


_DEVICE = click.option(
    "--device",
    default="cpu",
    show_default=True,
    callback=_device,
    help="Device to train on, as torch names it: cpu, cuda, cuda:1.",
)
_CHANGES = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the recipe, such as schedule.steps=500.",
)


def _training_options(default_recipe: str | None) -> Callable[[Command], Command]:
    options = [
        click.option(
            "--recipe",
            default=default_recipe,
            show_default=default_recipe or f"{_RECOGNIZER}, or site-MODEL to fit a model to a site",
            help="Name of a recipe, or path of its TOML file.",
        ),
        click.option(
            "--data",
            required=True,
            type=click.Path(path_type=Path),
            help="A labelled set: a folder with a labels.csv (lpr data table makes one), or the "
            "table itself. Also a TOML file that lists several sets, or the folder of the sets "
            "that the shipped recipes train on.",
        ),
        click.option("--out", required=True, type=FOLDER, help="The run's folder."),
        click.option("--resume", is_flag=True, help="Continue from the run's last checkpoint."),
        click.option(
            "--from",
            "start",
            metavar="MODEL",
            callback=_start,
            help="Start with the weights of a model (name or folder) or of a run's "
            "best.safetensors instead of random ones.",
        ),
        _DEVICE,
        click.option(
            "--finish",
            "finish_only",
            is_flag=True,
            help="Do not train: write the published files of the run's best weights.",
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
def detector(recipe: str, changes: tuple[str, ...], **options: Any) -> None:
    """Train a detector, check it on dev after each epoch and keep the best.

    If the set has a labels.csv, the split train is for training and the split dev for checks.
    Without splits, every fifth picture is for checks.
    """
    from lpr_training.datasets.sets import open_sets
    from lpr_training.detector.recipe import detector_recipe
    from lpr_training.publishing.start_training import Run, train_detector

    chosen, cfg = detector_recipe(recipe, changes)
    run = Run(**options)
    best = train_detector(chosen, cfg, run)
    click.echo(f"{run.out}: detector.cfg, detector.weights and part.json are ready to be published")
    _note_export(open_sets(run.data).site, best)


@train.command()
@_training_options(None)
def recognizer(recipe: str | None, changes: tuple[str, ...], **options: Any) -> None:
    """Train a recognizer, check it on dev after each epoch and keep the best.

    If the set has a labels.csv, training uses its plates with texts, mixed with rendered plates.
    --from MODEL fine-tunes that model on them. The check then also covers the plates that MODEL
    could read before, and OUT/model is the whole model with the new recognizer.
    """
    from lpr_training.datasets.sets import open_sets
    from lpr_training.publishing.fine_tuned import site_recipe
    from lpr_training.publishing.start_training import Run, fine_tune, train_recognizer
    from lpr_training.recognizer.recipe import recognizer_recipe

    run = Run(**options)
    is_site = open_sets(run.data).site
    base = run.start if isinstance(run.start, Model) and is_site else None
    chosen = recognizer_recipe(recipe or (site_recipe(base) if base else _RECOGNIZER), changes)
    if base:
        folder, summary = fine_tune(chosen, base, run)
        click.echo("\n".join(summary), err=True)
        click.echo(f"{folder}: a model folder; use it with: lpr detect --model {folder}")
        return
    best = train_recognizer(chosen, run)
    click.echo(f"{run.out}: recognizer.onnx and part.json are ready to be published")
    _note_export(is_site, best)


def _note_export(is_site: bool, best: Path) -> None:
    """Publishing by a recipe is for the shipped models; others are exported."""
    if is_site:
        note(f"both networks make a model: lpr export {best} OTHER --out MODEL")


@train.command()
@click.argument("model", type=EXISTING_FOLDER)
@click.option(
    "--data",
    "root",
    required=True,
    type=click.Path(path_type=Path),
    help="A labelled set, as for lpr train detector.",
)
def thresholds(model: Path, root: Path) -> None:
    """Choose the thresholds of a MODEL folder on the held-out part of a labelled set.

    Writes those with the highest F1 score into its model.toml: the harmonic mean of recall (plates
    that are found) and precision (outputs that are plates).
    """
    from lpr_training.publishing.thresholds import write_best_thresholds

    chosen, figures = write_best_thresholds(model, root)
    words = f"threshold {chosen.detection}, min_confidence {chosen.reading}, sure {chosen.accept}"
    click.echo(f"{model}: {words}")
    found = 100 * (figures["found"] or 0)
    note(
        f"on {figures['pictures']} pictures {found:.1f} % of the plates are found, with "
        f"{figures['false_readings']} false readings"
    )


@train.command()
@click.argument("recipe")
@click.option(
    "--out", required=True, type=FOLDER, help="Output folder; finished steps in it are skipped."
)
@_DEVICE
@_CHANGES
def country(recipe: str, out: Path, device: str, changes: tuple[str, ...]) -> None:
    """Make a region pack and a model for a new country by one RECIPE.

    Renders plates of the country and fine-tunes both networks of a published model on them. When
    run again, the command continues where it was interrupted and repeats the steps whose part of
    the recipe has changed.
    """
    from lpr_training.country.recipe import country_recipe
    from lpr_training.country.run import train_country

    chosen, folder = country_recipe(recipe, changes)
    train_country(chosen, folder, out, device, note)
    region, model = out / "region", out / "model"
    if region.is_dir():
        click.echo(f"{region}: a region pack; install it with: pip install {region}")
    click.echo(f"{out / 'report.md'}: how well {model} reads, and {chosen.base} before it")
    click.echo(f"use it with: lpr detect --model {model} --region {chosen.code} car.jpg")


@train.command()
@click.option(
    "--recipe", default="tw-light", show_default=True, help="Recipe with the text of model.toml."
)
@click.option("--detector", required=True, type=EXISTING, help="The detector's run folder.")
@click.option("--recognizer", required=True, type=EXISTING, help="The recognizer's run folder.")
@click.option(
    "--data", "root", required=True, type=EXISTING, help="The sets that the runs were trained on."
)
@click.option("--out", required=True, type=FOLDER, help="The model folder to write.")
def publish(recipe: str, detector: Path, recognizer: Path, root: Path, out: Path) -> None:
    """Combine a detector's and a recognizer's run into a model folder.

    The thresholds are those with the best results on dev.
    """
    from lpr_training.publishing.publish import publish as combine

    combine(recipe, detector, recognizer, root, out)
    click.echo(f"{out}: a model folder; see it with: lpr models verify {out}")


@train.command()
@click.argument("run", type=EXISTING_FOLDER)
@click.option("--out", required=True, type=OUT_FILE, help="A PNG or SVG file.")
def curves(run: Path, out: Path) -> None:
    """Plot the loss and the figures on dev of a run's folder."""
    from lpr_training.engine.curves import draw_curves

    draw_curves(run, out)
