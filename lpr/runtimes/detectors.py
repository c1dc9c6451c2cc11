"""Selects a plugged detector for ``--detector NAME`` or ``NAME:ARGUMENT``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lpr.errors import BackendError, PluginError, wrap_plugin_errors
from lpr.models import installed_models
from lpr.protocols import DetectorFactory, PlateDetector
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import pinned


class DetectorChoice(NamedTuple):
    """A factory, and what follows its name."""

    factory: DetectorFactory
    argument: str

    def open(self, threads: int) -> PlateDetector:
        """Open the detector; raises :class:`PluginError` if it fails or has no ``find``."""
        with wrap_plugin_errors(f"detector {self.factory.name}"):
            detector = self.factory.open(self.argument, threads)
        if not isinstance(detector, PlateDetector):
            raise PluginError(
                f"detector {self.factory.name}: open gave {detector!r}, which lacks find or close"
            )
        return detector


def argument_of(factory: DetectorFactory) -> str:
    """What has to follow the factory's name, in words; empty if nothing may."""
    return str(getattr(factory, "argument", "") or "")


def choose_detector(
    factories: Sequence[DetectorFactory], text: str, device: int | None = None
) -> DetectorChoice:
    """The factory and the argument that ``text`` names; ``device`` is the number of a GPU.

    Raises :class:`BackendError` for an unknown name, for one that does not work here, and for an
    argument that is missing or that nobody expects.
    """
    name, colon, argument = text.partition(":")
    named = [factory for factory in factories if factory.name == name]
    if not named:
        known = ", ".join(factory.name for factory in factories) or "none is installed"
        raise BackendError(
            f"there is no detector {name!r}: it is neither a plugin's ({known}) nor a model "
            f"({', '.join(installed_models())}, or a folder); lpr plugins lists them"
        )
    (factory,) = named
    wanted = argument_of(factory)
    if wanted and not argument:
        raise BackendError(f"detector {name} needs {wanted}, after a colon: {name}:FILE")
    if colon and not wanted:
        raise BackendError(f"detector {name} takes nothing after its name")
    problem = problem_of(factory)
    if problem is not None:
        raise BackendError(f"detector {name} does not work here: {problem}")
    return DetectorChoice(pinned(factory, device), argument)
