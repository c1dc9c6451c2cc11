"""The built-in plugin: lpr's own runtimes, regions, formats and commands, through the hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lpr.hookspecs import hookimpl
from lpr.plugins.webhook import Webhook
from lpr.protocols import Destination, DetectorRuntime, RecognizerRuntime, SinkFormat
from lpr.regions import Region
from lpr.regions.brazil import BRAZIL
from lpr.regions.europe import EUROPE
from lpr.regions.taiwan import TAIWAN
from lpr.regions.united_states import UNITED_STATES
from lpr.regions.vietnam import VIETNAM
from lpr.runtimes import opencv
from lpr.sinks import sink_formats

if TYPE_CHECKING:
    import click


@hookimpl
def lpr_detector_runtimes() -> list[DetectorRuntime]:
    return opencv.detector_runtimes()


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return opencv.recognizer_runtimes()


@hookimpl
def lpr_regions() -> list[Region]:
    return [TAIWAN, EUROPE, UNITED_STATES, BRAZIL, VIETNAM]


@hookimpl
def lpr_sinks() -> list[SinkFormat]:
    return sink_formats()


@hookimpl
def lpr_destinations() -> list[Destination]:
    return [Webhook()]


@hookimpl
def lpr_commands() -> list[click.Command]:
    from lpr.plugins.lazy_command import LazyCommand

    summaries = {
        "bench": "Measure how fast the networks run on this machine.",
        "convert": "Convert a Darknet detector to ONNX.",
        "detect": "Find and read the plates of pictures, videos and folders.",
        "doctor": "Report what is installed and which backends work.",
        "eval": "Measure how well a model reads a labelled set.",
        "models": "List and verify model folders.",
        "plugins": "List, write and check plugins.",
        "watch": "Report every vehicle of videos and cameras once.",
    }
    return [LazyCommand(name, f"lpr.cli.{name}", text) for name, text in summaries.items()]
