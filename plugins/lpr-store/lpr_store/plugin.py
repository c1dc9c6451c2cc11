"""The plugin: a destination for ``lpr watch --to``, and the command ``lpr store``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lpr.hookspecs import hookimpl
from lpr.plugins.lazy_command import LazyCommand
from lpr_store.destination import StoreDestination

if TYPE_CHECKING:
    import click

lpr_interface = 1


@hookimpl
def lpr_destinations() -> list[StoreDestination]:
    return [StoreDestination()]


@hookimpl
def lpr_commands() -> list[click.Command]:
    return [LazyCommand("store", "lpr_store.cli", "Find, export and erase stored sightings.")]
