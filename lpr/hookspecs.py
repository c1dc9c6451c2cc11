"""The hooks of the pluggy project ``lpr``: each gives objects to the registry at start.

The hooks and the protocols of :mod:`lpr.protocols` are the plugin interface, whose version is
:data:`INTERFACE`. A plugin states the version that it was written for in a module attribute
``lpr_interface``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from lpr.protocols import (
    Destination,
    DetectorFactory,
    DetectorRuntime,
    RecognizerRuntime,
    SinkFormat,
)
from lpr.regions import Region

if TYPE_CHECKING:
    import click

hookspec = pluggy.HookspecMarker("lpr")
hookimpl = pluggy.HookimplMarker("lpr")

INTERFACE = 1
"""The version of the interface: it rises with each change that breaks existing plugins."""


@hookspec
def lpr_detector_runtimes() -> Iterable[DetectorRuntime]:  # type: ignore[empty-body]
    """Runtimes that can run a Darknet detector."""


@hookspec
def lpr_detectors() -> Iterable[DetectorFactory]:  # type: ignore[empty-body]
    """Detectors with networks of their own, not Darknet's."""


@hookspec
def lpr_recognizer_runtimes() -> Iterable[RecognizerRuntime]:  # type: ignore[empty-body]
    """Runtimes that open recognizers."""


@hookspec
def lpr_regions() -> Iterable[Region]:  # type: ignore[empty-body]
    """Regions: the formats of a country's plates, as data."""


@hookspec
def lpr_sinks() -> Iterable[SinkFormat]:  # type: ignore[empty-body]
    """Formats in which ``lpr detect`` can write its results."""


@hookspec
def lpr_destinations() -> Iterable[Destination]:  # type: ignore[empty-body]
    """Places that ``lpr watch --to`` can send sightings to."""


@hookspec
def lpr_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Commands to attach to the ``lpr`` command line."""
