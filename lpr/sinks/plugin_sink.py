"""A record sink that may be anybody's code: what goes wrong in it names its format."""

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

    Whatever it raises becomes an :class:`lpr.errors.OutputError`; ``BrokenPipeError`` stays one.
    """

    def __init__(self, format: SinkFormat, stream: TextIO) -> None:
        self._name = f"format {format.name}"
        with self._naming():
            self._sink = format.open(stream)
            if not isinstance(self._sink, RecordSink):
                raise TypeError(f"open gave {self._sink!r}, which is no RecordSink")

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        with self._naming():
            self._sink.frame(frame, plates, timing)

    def error(self, source: str, message: str) -> None:
        with self._naming():
            self._sink.error(source, message)

    def close(self) -> None:
        """Raises :class:`lpr.errors.PluginError` where the sink fails or does not come to an
        end."""
        close_with_timeout(self._name, self._sink.close)

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except (LprError, BrokenPipeError):
            raise
        except (Exception, SystemExit) as error:
            raise OutputError(f"{self._name} failed: {describe(error)}") from error
