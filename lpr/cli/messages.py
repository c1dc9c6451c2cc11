"""Messages on standard error: one line each, without control characters."""

from __future__ import annotations

import logging

import click

from lpr.utils.text import visible

_FORMAT = "lpr: %(message)s"


def say(message: str) -> None:
    """Print a message; names of files in it may hold anything, such as terminal escapes."""
    click.echo(f"lpr: {visible(message)}", err=True)


class _VisibleFormatter(logging.Formatter):
    """Writes log messages as :func:`say` does, with its line breaks."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record), keep="\n\t")


def configure_logging() -> None:
    """Send log messages to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_VisibleFormatter(_FORMAT))
    logging.basicConfig(handlers=[handler])
