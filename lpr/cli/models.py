"""``lpr models``: the installed model folders."""

from __future__ import annotations

import click

from lpr.cli.groups import CommandGroup
from lpr.cli.messages import say
from lpr.errors import ModelError
from lpr.models import installed_models, locate_model, read_model, verify
from lpr.utils.text import visible


@click.group("models", cls=CommandGroup)
def command() -> None:
    """List and verify model folders."""


@command.command("list")
def list_models() -> None:
    """List the installed models: name, version, regions, description."""
    unreadable = 0
    for folder in installed_models().values():
        try:
            model = read_model(folder)
        except ModelError as error:
            unreadable += 1
            say(str(error))
            continue
        cells = model.name, model.version, ",".join(model.regions), model.description
        click.echo("\t".join(visible(cell) for cell in cells))
    if unreadable:
        raise ModelError(f"{unreadable} model(s) cannot be read")


@command.command("verify")
@click.argument("names", metavar="[MODEL]...", nargs=-1)
def verify_models(names: tuple[str, ...]) -> None:
    """Check the SHA-256 of every file of the given models, by default of all installed ones."""
    damaged = 0
    for name in names or installed_models():
        try:
            problems = verify(read_model(locate_model(name)))
        except ModelError as error:
            problems = [str(error)]
        damaged += bool(problems)
        click.echo(f"{visible(name)}\t{'damaged' if problems else 'ok'}")
        for problem in problems:
            say(problem)
    if damaged:
        raise ModelError(f"{damaged} model(s) are damaged")
