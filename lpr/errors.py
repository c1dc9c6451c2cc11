"""Errors that a user can do something about. Every message names the thing and the way out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class LprError(Exception):
    """Base of all errors that lpr raises on purpose; its text is one clear message."""


class SourceError(LprError):
    """A picture, video or folder could not be read (to its end)."""


class ModelError(LprError):
    """A model folder, or a cfg / weights / ONNX file, is missing, damaged or not supported."""


class BackendError(LprError):
    """What ``--backend`` or ``--recognizer`` asks for does not exist or does not work here."""


class PluginError(LprError):
    """A plugin broke its interface."""


class StuckError(PluginError):
    """A plugin does not come to an end; its threads may go on, and keep the program from ending."""


class OutputError(LprError):
    """A result could not be written."""


@contextlib.contextmanager
def wrap_plugin_errors(plugged: str) -> Iterator[None]:
    """Whatever ``plugged`` raises (it may be anybody's code) becomes an error that names it."""
    try:
        yield
    except (LprError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise PluginError(f"{plugged} failed: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """An exception in one line: its type and what it says."""
    return " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
