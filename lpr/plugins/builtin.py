"""The built-in plugin: lpr's own runtimes, regions and formats, through the same hooks."""

from __future__ import annotations

from lpr.hookspecs import hookimpl
from lpr.protocols import DetectorRuntime, RecognizerRuntime, SinkFormat
from lpr.regions import Region
from lpr.regions.brazil import BRAZIL
from lpr.regions.europe import EUROPE
from lpr.regions.taiwan import TAIWAN
from lpr.regions.united_states import UNITED_STATES
from lpr.regions.vietnam import VIETNAM
from lpr.runtimes import opencv
from lpr.sinks import sink_formats


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
