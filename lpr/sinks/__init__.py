"""Outputs: records, annotated pictures and videos, evidence pictures, a timeline page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from lpr.protocols import RecordSink, SinkFormat
from lpr.sinks.csv import COLUMNS, CsvSink, SubmissionSink, csv_line
from lpr.sinks.evidence import EvidenceFolder
from lpr.sinks.jsonl import JSONL_BEGINS, JsonlSink, SightingSink
from lpr.sinks.media import MediaSink, open_save
from lpr.sinks.openalpr import OpenAlprSink
from lpr.sinks.output_file import OutputMode, open_output, standard_output
from lpr.sinks.paths import same_file
from lpr.sinks.plugin_sink import PluggedSink
from lpr.sinks.redaction import PlateRedactor, read_known
from lpr.sinks.sighting_formats import SightingCsvSink, SightingTableSink
from lpr.sinks.table import TableSink
from lpr.sinks.timeline import Timeline


@dataclass(slots=True)
class _Format:
    """One of lpr's own :class:`lpr.protocols.SinkFormat`."""

    name: str
    open: Callable[[TextIO], RecordSink]
    one_per_picture: bool = False
    begins: str = ""
    """How each file of this format begins."""


def sink_formats() -> list[SinkFormat]:
    """lpr's own record formats."""
    return [
        _Format("jsonl", JsonlSink, begins=JSONL_BEGINS),
        _Format("csv", CsvSink, begins=csv_line(COLUMNS)),
        _Format("table", TableSink),
        _Format("openalpr", OpenAlprSink),
        _Format("submission", SubmissionSink, one_per_picture=True, begins="ID,Number\n"),
    ]


SIGHTING_FORMATS: dict[
    str, type[SightingSink] | type[SightingCsvSink] | type[SightingTableSink]
] = {
    "jsonl": SightingSink,
    "csv": SightingCsvSink,
    "table": SightingTableSink,
}
"""The formats of ``lpr watch``, by name."""

__all__ = [
    "SIGHTING_FORMATS",
    "EvidenceFolder",
    "MediaSink",
    "OutputMode",
    "PlateRedactor",
    "PluggedSink",
    "SightingSink",
    "Timeline",
    "open_output",
    "open_save",
    "read_known",
    "same_file",
    "sink_formats",
    "standard_output",
]
