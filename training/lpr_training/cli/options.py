"""Parameter types and messages that the commands share."""

from __future__ import annotations

from pathlib import Path

import click

from lpr.cli.messages import say

FOLDER = click.Path(path_type=Path, file_okay=False)
OUT_FILE = click.Path(path_type=Path, dir_okay=False)
EXISTING = click.Path(path_type=Path, exists=True)
EXISTING_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def note(text: str) -> None:
    """Print one line to stderr, marked as lpr's."""
    say(text)
