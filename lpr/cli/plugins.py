"""``lpr plugins``: what is plugged in, from where, and what failed to load and why."""

from __future__ import annotations

import click

from lpr.loading import registry


@click.command("plugins")
def command() -> None:
    """List plugins: name, where they come from, what they give, what is wrong with them."""
    for plugin in registry().plugins:
        click.echo(f"{plugin.name}\t{plugin.origin}\t{', '.join(plugin.provides) or '-'}")
        for problem in plugin.problems:
            click.echo(f"lpr: plugin {plugin.name} ({plugin.origin}): {problem}", err=True)
    if any(plugin.problems for plugin in registry().plugins):
        raise click.exceptions.Exit(1)
