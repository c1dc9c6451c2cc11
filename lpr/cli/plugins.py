"""``lpr plugins``: lists plugins and their problems, writes new ones, checks conformance."""

from __future__ import annotations

from pathlib import Path

import click

from lpr.cli.groups import CommandGroup
from lpr.cli.options import path_option
from lpr.errors import PluginError
from lpr.loading import registry
from lpr.models import DEFAULT_MODEL, load_model
from lpr.plugins.conformance import Check, checks_of
from lpr.plugins.scaffold import new_plugin


@click.group("plugins", cls=CommandGroup, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List plugins: their names, origins, what they provide and their problems."""
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
@path_option("--out", "The folder; by default NAME.")
def new(name: str, out: Path | None) -> None:
    """Write a new recognizer plugin NAME: a package that installs and passes its tests."""
    if name in registry().names():
        raise click.BadParameter(f"{name!r} is taken: lpr plugins and lpr models list the names")
    try:
        files = new_plugin(name, out or Path(name))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    for file in files:
        click.echo(file)
    install = f"install it with: pip install -e '{files[0].parent}[test]'"
    click.echo(f"lpr: {install}; its recognizer is in {files[1]}", err=True)


@command.command("check")
@click.argument("name")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name or folder of the model that runtimes are tried with.",
)
def check(name: str, model: str) -> None:
    """Run the conformance suite on the plugin or model pack NAME and measure its speed."""
    checks = list(checks_of(registry(), name, load_model(model)))
    if not checks:
        click.echo(f"lpr: {name} provides nothing that can be checked", err=True)
    failed = [one for one in checks if not _passes(one)]
    if failed:
        raise PluginError(f"{name}: {len(failed)} of {len(checks)} checks failed")


def _passes(check: Check) -> bool:
    if check.skip_reason:
        click.echo(f"{check.subject}\tnot tried: {check.skip_reason}")
        return True
    problem = check.problem()
    click.echo(f"{check.subject}\t{problem or 'ok'}")
    if problem:
        return False
    for speed in check.speeds():
        each = f"{speed.ms_each:.2f} ms each"
        click.echo(f"{check.subject}\tbatch of {speed.batch}: {each}, one thread")
    return True
