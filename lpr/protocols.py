"""The interfaces between the pipeline and plugins.

They are protocols, not base classes: any object with these attributes and methods fits.
:mod:`lpr.testing` has a conformance suite for each. Plugins give such objects through the hooks of
:mod:`lpr.hookspecs`, and the pipeline calls them directly.

Opened objects may be used from several threads at once. They are closed once, possibly from another
thread than the one that opened them, since a hanging close has to be abandoned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TextIO, runtime_checkable

from lpr.specs import CtcSpec, DetectorModel, RecognizerModel
from lpr.types import Crop, Detection, Float32, Frame, Image, Plate, Reading, Timing


@runtime_checkable
class DetectorNetwork(Protocol):
    """The convolutional part of a Darknet detector, loaded."""

    def forward(self, batch: Float32) -> list[Float32]:
        """Run ``batch`` (``N x 3 x H x W``, C-contiguous, ``N`` at least 1).

        Returns the input of each ``[yolo]`` section, in the cfg's order: ``N x A*(5+C) x h x w``,
        raw values before any sigmoid.
        """

    def close(self) -> None:
        """Free the network's resources; no run follows."""


@runtime_checkable
class DetectorRuntime(Protocol):
    """An engine that runs Darknet detectors.

    ``device`` is ``"cpu"`` or ``"cuda"``. Of a device's runtimes that work here, the one with the
    highest ``priority`` is used unless another is chosen by ``name``.
    """

    name: str
    device: str
    priority: int

    def problem(self) -> str | None:
        """Why it cannot run here, in one sentence; None if it can. Cheap, and never raises."""

    def open(self, model: DetectorModel, threads: int) -> DetectorNetwork:
        """Load the network; ``threads`` 0 leaves their number to the runtime.

        Raises :class:`lpr.errors.ModelError` for files that it cannot run.
        """


@runtime_checkable
class PlateDetector(Protocol):
    """Finds plates, with whatever network it likes; all that the pipeline requires of a detector.

    It may have further attributes (:mod:`lpr.detection.plugged_detector`): ``threshold``,
    ``accept_threshold``, ``nms`` and ``input_size``.
    """

    def find(self, images: Sequence[Image]) -> list[list[Detection]]:
        """The plates of each picture, in order; of each plate one box, the most confident first.

        Pictures are BGR and differ in size; coordinates are pixels of the picture. Weak detections
        belong to the result (down to a confidence of 0.01, say): lpr applies the threshold.
        """

    def close(self) -> None:
        """Free the detector's resources; no call follows."""


@runtime_checkable
class DetectorFactory(Protocol):
    """Opens detectors, for ``--detector NAME`` or ``--detector NAME:ARGUMENT``.

    ``device`` is ``"cpu"`` or ``"cuda"``. An attribute ``argument`` says in words what has to
    follow the colon, such as ``"an ONNX file"``; without it, nothing may.
    """

    name: str
    device: str

    def problem(self) -> str | None:
        """Why it cannot run here, in one sentence; None if it can. Cheap, and never raises."""

    def open(self, argument: str, threads: int) -> PlateDetector:
        """Open the detector; ``threads`` 0 leaves their number to it.

        Raises :class:`lpr.errors.ModelError` for an argument that it cannot use.
        """


@runtime_checkable
class TextRecognizer(Protocol):
    """Reads plates; all that the pipeline requires of a recognizer."""

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order; with an empty text if nothing could be read."""

    def close(self) -> None:
        """Free the recognizer's resources; no call follows."""


@runtime_checkable
class CtcRecognizer(Protocol):
    """A network that gives CTC logits; :class:`lpr.recognition.ctc_reader.CtcReader` makes a
    TextRecognizer of it."""

    spec: CtcSpec

    def logits(self, batch: Float32) -> Float32:
        """``N x K x height x width`` in (``N`` at least 1; ``K`` 1 for grey, else 3), ``N x T x C``
        out."""

    def close(self) -> None:
        """Free the network's resources; no run follows."""


@runtime_checkable
class RecognizerRuntime(Protocol):
    """An engine that runs recognizers.

    ``formats`` are the formats of recognizer files that it runs (``{"onnx"}``). An empty set means
    that it brings its own model; it is then used only if chosen by ``name``.
    """

    name: str
    device: str
    priority: int
    formats: frozenset[str]

    def problem(self) -> str | None:
        """Why it cannot run here, in one sentence; None if it can. Cheap, and never raises."""

    def open(self, model: RecognizerModel, threads: int) -> TextRecognizer | CtcRecognizer:
        """Load the recognizer; ``threads`` 0 leaves their number to the runtime.

        Raises :class:`lpr.errors.ModelError` for files that it cannot run.
        """


@runtime_checkable
class RecordSink(Protocol):
    """Writes records to a text stream, which its opener closes.

    Each method flushes its record before it returns. It raises :class:`lpr.errors.OutputError` if
    the record cannot be written, but lets ``BrokenPipeError`` through, since a reader that closes
    the pipe needs no more output.
    """

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        """Write one frame and its plates; ``timing`` is given if it was asked for."""

    def error(self, source: str, message: str) -> None:
        """Write that a source failed; formats with plates alone omit it."""

    def close(self) -> None:
        """Write what remains; the stream stays open."""


@runtime_checkable
class SinkFormat(Protocol):
    """An output format, the value ``name`` of ``--format``.

    With ``one_per_picture`` it gets at most one plate of each picture, the most confidently read.
    """

    name: str
    one_per_picture: bool

    def open(self, stream: TextIO) -> RecordSink:
        """A sink that writes to ``stream`` (UTF-8, lines end with ``\\n``)."""


@runtime_checkable
class Publisher(Protocol):
    """Takes the events of a watch to one place: an open connection of a :class:`Destination`.

    A thread of its own calls it, event after event. A method that raises is called again with the
    same event after a pause, so an event may come twice; its id tells.
    """

    def sighting(self, uid: str, record: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        """Deliver a sighting, and return when it is safe there.

        ``uid`` (at most 64 characters) names the sighting for ever; an early sighting and its
        final one share it. ``record`` is that of ``lpr watch`` (docs/output.md), ``pictures`` are
        JPEG files, ``frame`` and ``plate``.
        """

    def gap(self, record: Mapping[str, Any]) -> None:
        """Deliver that a camera was lost or is back (docs/output.md)."""

    def close(self) -> None:
        """Free the connection; no call follows."""


@runtime_checkable
class Destination(Protocol):
    """A kind of place that sightings are sent to: ``lpr watch --to ADDRESS``.

    ``schemes`` are those of its addresses, such as ``{"mqtt", "mqtts"}``.
    """

    name: str
    schemes: frozenset[str]

    def problem(self) -> str | None:
        """Why it cannot work here, in one sentence; None if it can. Cheap, and never raises."""

    def open(self, address: str, report: Callable[[str], None]) -> Publisher:
        """Check the address and connect, or arrange to connect later.

        ``report`` takes messages for the user. Raises :class:`lpr.errors.LprError` for an address
        that cannot work. No message may show a password.
        """
