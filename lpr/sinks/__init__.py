"""Where results go: records (JSON Lines, CSV, a table) and annotated pictures and videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TextIO

from lpr.sinks.csv import CsvSink
from lpr.sinks.jsonl import JsonlSink
from lpr.sinks.media import MediaSink, open_save
from lpr.sinks.paths import same_file
from lpr.sinks.records import RecordSink, open_output
from lpr.sinks.submission import SubmissionSink
from lpr.sinks.table import TableSink

SUBMISSION = "submission"
"""The format that has one plate for each picture."""

SINKS: Mapping[str, Callable[[TextIO], RecordSink]] = MappingProxyType(
    {"jsonl": JsonlSink, "csv": CsvSink, "table": TableSink, SUBMISSION: SubmissionSink}
)

__all__ = [
    "SINKS",
    "SUBMISSION",
    "MediaSink",
    "RecordSink",
    "open_output",
    "open_save",
    "same_file",
]
