"""``lpr doctor``: what is installed, and which of it works."""

from __future__ import annotations

import click

from lpr.cli.messages import say
from lpr.diagnostics.doctor import examine
from lpr.loading import registry


@click.command("doctor")
@click.option(
    "--tune",
    is_flag=True,
    help="Measure the CPU's runtimes; --backend cpu uses the fastest from then on.",
)
def command(tune: bool) -> None:
    """Report what is installed, which backends work when run, and what is wrong."""
    bad = []
    for finding in examine(registry(), tune):
        click.echo(f"{finding.topic:11} {finding.name:36} {finding.text}")
        if finding.bad:
            bad.append(finding)
    for finding in bad:
        say(f"{finding.topic} {finding.name}: {finding.text}")
    if bad:
        raise click.exceptions.Exit(1)
