"""The plugin that lpr itself is: what it hands to the registry, through the same hooks."""

from __future__ import annotations

from lpr.hookspecs import hookimpl
from lpr.protocols import DetectorRuntime, RecognizerRuntime, SinkFormat
from lpr.regions import Region
from lpr.regions.taiwan import TAIWAN
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
    return [TAIWAN]


@hookimpl
def lpr_sinks() -> list[SinkFormat]:
    return sink_formats()
