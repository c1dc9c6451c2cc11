"""Errors that a user can resolve: every message names the cause and the remedy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class LprError(Exception):
    """The base of all errors that lpr raises on purpose; its text is a single message."""


class SourceError(LprError):
    """A picture, video or folder could not be read, or not to its end."""


class ModelError(LprError):
    """A model folder, or a cfg, weights or ONNX file, is missing, damaged or unsupported."""


class BackendError(LprError):
    """A backend or recognizer that was asked for does not exist or does not work here."""


class RegionError(BackendError):
    """A region is not known. Derives from :class:`LprError` alone from lpr 0.3 on."""


class CalibrationError(BackendError):
    """A recognizer lacks the calibration that ``max_error`` needs. Derives from :class:`LprError`
    alone from lpr 0.3 on."""


class PluginError(LprError):
    """A plugin failed or violated its interface."""


class StuckError(PluginError):
    """A plugin does not return; its threads may keep the program from ending."""


class OutputError(LprError):
    """A result could not be written."""


@contextlib.contextmanager
def wrap_plugin_errors(name: str) -> Iterator[None]:
    """Turn any exception of the plugin code in the block into a :class:`PluginError` that begins
    with ``name``."""
    try:
        yield
    except (LprError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise PluginError(f"{name} failed: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """An exception in one line: its type and its message."""
    return " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
