"""Commands that are imported when they are used, so that ``lpr --help`` starts fast."""

from __future__ import annotations

import importlib

import click


class LazyCommand(click.Command):
    """Stands for the object ``command`` of a module; ``help`` is its line in ``lpr --help``."""

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name, help=help)
        self._module = module

    def load(self) -> click.Command:
        """Import the module and return its command."""
        command: click.Command = importlib.import_module(self._module).command
        return command
