"""The interfaces between the pipeline and what can be plugged into it.

Protocols, not base classes: an object that has these attributes and methods fits. ``lpr.testing``
holds the suite that says whether it behaves. Plugins hand such objects over through the hooks of
:mod:`lpr.hookspecs`; the pipeline then calls them directly.

Whatever is opened here may be used from several threads at once, and is closed once, possibly from
another thread than the one that opened it: so a close that hangs can be told from one that is slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TextIO, runtime_checkable

from lpr.specs import CtcSpec, DetectorModel, RecognizerModel
from lpr.types import Crop, Float32, Frame, Plate, Reading, Timing


@runtime_checkable
class DetectorNetwork(Protocol):
    """The convolutional part of a Darknet detector, loaded and ready."""

    def forward(self, batch: Float32) -> list[Float32]:
        """Run ``batch`` (``N x 3 x H x W``, C-contiguous, ``N`` at least 1).

        Returns what enters each ``[yolo]`` section, in the cfg's order: ``N x A*(5+C) x h x w``,
        raw values without any sigmoid.
        """
        ...

    def close(self) -> None:
        """Give back what the network holds; nothing runs after it."""
        ...


@runtime_checkable
class DetectorRuntime(Protocol):
    """Something that can run a Darknet detector.

    ``device`` is ``"cpu"`` or ``"cuda"``; among the runtimes of a device that work here, the one
    with the highest ``priority`` is taken unless another is asked for by ``name``.
    """

    name: str
    device: str
    priority: int

    def problem(self) -> str | None:
        """Why it cannot run here, in one sentence; None if it can. Must be cheap and not raise."""
        ...

    def open(self, model: DetectorModel, threads: int) -> DetectorNetwork:
        """Load the network; ``threads`` 0 leaves their number to the runtime.

        Raises :class:`lpr.errors.ModelError` for files that it cannot take.
        """
        ...


@runtime_checkable
class TextRecognizer(Protocol):
    """Reads plates. The only thing that the pipeline knows of recognition."""

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order; an empty text where nothing could be read."""
        ...

    def close(self) -> None:
        """Give back what the recognizer holds; nothing is read after it."""
        ...


@runtime_checkable
class CtcRecognizer(Protocol):
    """A network that gives CTC logits; :class:`lpr.recognition.ctc_reader.CtcReader` makes a
    TextRecognizer."""

    spec: CtcSpec

    def logits(self, batch: Float32) -> Float32:
        """``N x K x height x width`` in (``N`` at least 1; ``K`` 1 for grey, else 3), ``N x T x C``
        out."""
        ...

    def close(self) -> None:
        """Give back what the network holds; nothing runs after it."""
        ...


@runtime_checkable
class RecognizerRuntime(Protocol):
    """Something that opens recognizers.

    ``formats`` names the recognizer files of model folders that it runs (``{"onnx"}``). It is empty
    for one that brings its own model: such a one is used only when asked for by ``name``.
    """

    name: str
    device: str
    priority: int
    formats: frozenset[str]

    def problem(self) -> str | None:
        """Why it cannot run here, in one sentence; None if it can. Must be cheap and not raise."""
        ...

    def open(self, model: RecognizerModel, threads: int) -> TextRecognizer | CtcRecognizer:
        """Load the recognizer; ``threads`` 0 leaves their number to the runtime.

        Raises :class:`lpr.errors.ModelError` for files that it cannot take.
        """
        ...


@runtime_checkable
class RecordSink(Protocol):
    """Writes what was found to a text stream, which stays open: it belongs to who opened it.

    Every record is on its way as soon as its method returns. Raises
    :class:`lpr.errors.OutputError` where it cannot be written, and lets ``BrokenPipeError``
    through: who reads the output has then seen enough.
    """

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        """One frame and its plates; ``timing`` is how long it took, where that is wanted."""
        ...

    def error(self, source: str, message: str) -> None:
        """A source that failed; formats that hold plates only leave it out."""
        ...

    def close(self) -> None:
        """Write what is left; the stream stays open, it belongs to lpr."""
        ...


@runtime_checkable
class SinkFormat(Protocol):
    """A way to write records, which ``--format`` calls by its ``name``.

    ``one_per_picture`` says that it has room for one plate of each picture: the one that is read
    with the most certainty is then all it gets.
    """

    name: str
    one_per_picture: bool

    def open(self, stream: TextIO) -> RecordSink:
        """A sink that writes to ``stream`` (UTF-8 text, ``\\n`` as line ends)."""
        ...
