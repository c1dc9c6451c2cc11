"""The entry point for lpr: the commands ``lpr train`` and ``lpr data``.

lpr imports this module whenever it starts, so it imports nothing heavy; the commands do when they
run.
"""

from __future__ import annotations

import click

from lpr.hookspecs import hookimpl
from lpr_training.cli.data import data
from lpr_training.cli.train import train

lpr_interface = 1


@hookimpl
def lpr_commands() -> list[click.Command]:
    return [train, data]
