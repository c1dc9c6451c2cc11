"""``lpr plugins``: what is plugged in, from where, and what failed to load and why; new ones."""

from __future__ import annotations

from pathlib import Path

import click

from lpr.loading import registry
from lpr.scaffold import new_plugin


@click.group("plugins", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List plugins: name, where they come from, what they give, what is wrong with them."""
    if context.invoked_subcommand is not None:
        return
    for plugin in registry().plugins:
        click.echo(f"{plugin.name}\t{plugin.origin}\t{', '.join(plugin.provides) or '-'}")
        for problem in plugin.problems:
            click.echo(f"lpr: plugin {plugin.name} ({plugin.origin}): {problem}", err=True)
    if any(plugin.problems for plugin in registry().plugins):
        raise click.exceptions.Exit(1)


@command.command("new")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="The folder; by default NAME.")
def new(name: str, out: Path | None) -> None:
    """Write a new recognizer plugin NAME: a package that installs and passes its tests."""
    try:
        files = new_plugin(name, out or Path(name))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    for file in files:
        click.echo(file)
    folder = files[0].parent
    click.echo(
        f"lpr: install it with: pip install -e '{folder}[test]'; its reader is in {files[1]}",
        err=True,
    )
