"""``lpr models``: the model folders that are here."""

from __future__ import annotations

import click

from lpr.errors import ModelError
from lpr.models import installed_models, locate_model, read_model, verify


@click.group("models")
def command() -> None:
    """List and verify model folders."""


@command.command("list")
def list_models() -> None:
    """List the models that lpr and model packs carry: name, version, regions, description."""
    for folder in installed_models().values():
        model = read_model(folder)
        click.echo(f"{model.name}\t{model.version}\t{','.join(model.regions)}\t{model.description}")


@command.command("verify")
@click.argument("names", metavar="[MODEL]...", nargs=-1)
def verify_models(names: tuple[str, ...]) -> None:
    """Check every file of models (all that are installed, or the named ones) by its SHA-256."""
    wrong = 0
    for name in names or installed_models():
        try:
            problems = verify(read_model(locate_model(name)))
        except ModelError as error:
            problems = [str(error)]
        wrong += bool(problems)
        click.echo(f"{name}\t{'damaged' if problems else 'ok'}")
        for problem in problems:
            click.echo(f"lpr: {problem}", err=True)
    if wrong:
        raise ModelError(f"{wrong} model(s) are not what they should be")
