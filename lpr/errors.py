"""Errors that a user can do something about. Every message names the thing and the way out."""

from __future__ import annotations


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


class OutputError(LprError):
    """A result could not be written."""
