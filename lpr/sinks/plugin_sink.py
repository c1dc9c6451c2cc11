"""A record sink of a plugin: its failures name the format."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TextIO

from lpr.errors import LprError, OutputError, describe
from lpr.protocols import RecordSink, SinkFormat
from lpr.types import Frame, Plate, Timing
from lpr.utils.closing import Closeable, close_with_timeout


class PluggedSink(Closeable):
    """The :class:`lpr.protocols.RecordSink` that ``format`` opens on ``stream``.

    Its exceptions become :class:`lpr.errors.OutputError`, except ``BrokenPipeError``.
    """

    def __init__(self, format: SinkFormat, stream: TextIO) -> None:
        self._name = f"format {format.name}"
        with self._wrap_errors():
            self._sink = format.open(stream)
            if not isinstance(self._sink, RecordSink):
                raise TypeError(f"open returned {self._sink!r}, which is not a RecordSink")

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        with self._wrap_errors():
            self._sink.frame(frame, plates, timing)

    def error(self, source: str, message: str) -> None:
        with self._wrap_errors():
            self._sink.error(source, message)

    def close(self) -> None:
        """Raises :class:`lpr.errors.PluginError` if the sink fails or does not end in time."""
        close_with_timeout(self._name, self._sink.close)

    @contextlib.contextmanager
    def _wrap_errors(self) -> Iterator[None]:
        try:
            yield
        except (LprError, BrokenPipeError):
            raise
        except (Exception, SystemExit) as error:
            raise OutputError(f"{self._name} failed: {describe(error)}") from error
