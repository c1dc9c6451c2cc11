"""The plugin: the command ``lpr serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lpr.hookspecs import hookimpl
from lpr.plugins.lazy_command import LazyCommand

if TYPE_CHECKING:
    import click

lpr_interface = 1


@hookimpl
def lpr_commands() -> list[click.Command]:
    return [LazyCommand("serve", "lpr_serve.cli", "Serve plates by HTTP, and watch cameras.")]
