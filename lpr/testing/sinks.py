"""The requirements of a record format."""

from __future__ import annotations

import io
from collections.abc import Callable

from lpr.errors import OutputError
from lpr.protocols import RecordSink, SinkFormat
from lpr.testing.samples import close_elsewhere, noise
from lpr.types import Box, Character, Detection, Frame, Plate, Reading, Timing

_NAMES = ("car.jpg", 'a folder/two,\n"lines".png', "not unicode \udcff.jpg", "車.jpg")


class _Stream(io.StringIO):
    """A text stream that knows whether everything was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = False

    def write(self, text: str) -> int:
        text.encode("utf-8")  # fails for text that a UTF-8 file cannot hold
        self.waiting = True
        return super().write(text)

    def flush(self) -> None:
        self.waiting = False
        super().flush()


class _Broken(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.failure = error

    def write(self, text: str) -> int:
        raise self.failure


def check_sink(format: SinkFormat) -> None:
    """Check a record format.

    Each record must be written and flushed to a stream that stays open; the same records must give
    the same text; a full disk must raise :class:`lpr.errors.OutputError`.
    """
    assert isinstance(format, SinkFormat), f"{format!r} is no SinkFormat"
    assert _written(format) == _written(format), "the same records gave another text"
    for error, expected in (
        (OSError(28, "No space left on device"), OutputError),
        (BrokenPipeError(32, "Broken pipe"), BrokenPipeError),
    ):
        raised = _raised(format, _Broken(error))
        # A format may write elsewhere and never touch the stream.
        assert raised is None or isinstance(raised, expected), (
            f"{error!r} while writing became {raised!r}; it has to be {expected.__name__}"
        )


def _written(format: SinkFormat) -> str:
    stream = _Stream()

    def flushed() -> None:
        assert not stream.waiting, "a record was written and not flushed"

    _write(format, stream, flushed)
    assert not stream.closed, "the stream was closed; only its opener may close it"
    return stream.getvalue()


def _write(format: SinkFormat, stream: io.StringIO, after_each: Callable[[], None]) -> None:
    sink = format.open(stream)
    assert isinstance(sink, RecordSink), f"{sink!r} is no RecordSink"
    picture, most = noise(48, 64), 1 if format.one_per_picture else 3
    try:
        for index, name in enumerate(_NAMES):
            for time in (None, index / 25):
                frame = Frame(picture, name, 0 if time is None else index, time)
                sink.frame(frame, _plates()[: index % (most + 1)])
                after_each()
        sink.frame(Frame(picture, "timed.jpg"), _plates()[:1], Timing(4.5, {"detector": 3.0}))
        after_each()
        sink.error("broken.jpg", "broken.jpg: is no picture")
        after_each()
    finally:
        close_elsewhere(sink.close)


def _plates() -> list[Plate]:
    """Plates of a known format, of no known format, and without a text."""
    detection = Detection(Box(4, 5, 40.5, 20), Box(4, 5, 40.5, 20).quad, 0.9)
    characters = tuple(Character(char, 0.75) for char in "ABC1234")
    return [
        Plate(detection, Reading("ABC1234", 0.75, characters), "ABC-1234", "tw"),
        Plate(detection, Reading("X9", 0.5)),
        Plate(detection, Reading("", 0.0)),
    ]


def _raised(format: SinkFormat, stream: io.StringIO) -> Exception | None:
    try:
        _write(format, stream, lambda: None)
    except AssertionError:
        raise
    except Exception as error:
        return error
    return None
