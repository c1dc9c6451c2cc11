"""``lpr export``: a model folder from checkpoints."""

from __future__ import annotations

import math
from pathlib import Path

import click

_SETTINGS = ("threshold", "nms", "sure", "min_confidence", "odds")


@click.command("export")
@click.argument(
    "checkpoints",
    metavar="CHECKPOINT...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The model folder.")
@click.option("--name", help="The model's name; by default the folder's.")
@click.option("--version", default="1.0.0", show_default=True)
@click.option("--description", default="", help="Description, in one sentence.")
@click.option("--licence", default="unknown", show_default=True, help="Licence of the weights.")
@click.option("--region", "regions", default="", help="Region codes, separated by commas.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=NUMBER",
    help=f"One of {', '.join(_SETTINGS)} of model.toml.",
)
@click.option("--half", is_flag=True, help="Store a recognizer's numbers in half precision.")
@click.option(
    "--keep",
    is_flag=True,
    help="Keep a recognizer as a safetensors file, which only lpr-torch reads.",
)
def command(
    checkpoints: tuple[Path, ...], out: Path, name: str | None, regions: str,
    settings: tuple[str, ...], half: bool, keep: bool, **texts: str
) -> None:  # fmt: skip
    """Export best.safetensors of a detector, a recognizer or both to a model folder.

    Every runtime that works here is compared with the checkpoint.
    """
    from lpr_torch.export import About, export

    codes = tuple(code for code in regions.split(",") if code)
    about = About(
        name or out.name, regions=codes, thresholds=dict(map(_setting, settings)), **texts
    )
    for runtime, diff in export(list(checkpoints), out, about, half, keep).items():
        click.echo(f"{runtime}\t{'cannot run it' if diff is None else f'{diff:.2g}'}")
    click.echo(f"lpr: {out} is a model folder; see it with: lpr models verify {out}", err=True)


def _setting(text: str) -> tuple[str, float]:
    key, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if key not in _SETTINGS or math.isnan(number):
        raise click.BadParameter(f"{text!r} is not KEY=NUMBER with one of {', '.join(_SETTINGS)}")
    return key, number
