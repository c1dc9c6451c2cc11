"""The conformance suite itself: what is sound passes, and each broken promise is named."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest

from lpr.errors import ModelError
from lpr.models import SHIPPED, load_model, read_model
from lpr.plugins import builtin
from lpr.plugins.registry import load_registry
from lpr.runtimes.select import problem_of
from lpr.sinks import sink_formats
from lpr.sinks.jsonl import JsonlSink
from lpr.specs import DetectorModel, RecognizerModel
from lpr.testing import (
    check_ctc_recognizer,
    check_detector_runtime,
    check_model_pack,
    check_recognizer_runtime,
    check_region,
    check_sink,
    check_text_recognizer,
    detector_speed,
    recognizer_speed,
)
from lpr.types import Crop, Float32, Frame, Plate, Reading, Timing
from tests.samples import FixedLogits, FixedText

MODEL = load_model()
OURS = load_registry(builtin)
WORKING = [r for r in OURS.detector_runtimes if problem_of(r) is None]
READING = [r for r in OURS.recognizer_runtimes if problem_of(r) is None and r.formats]


@pytest.mark.parametrize("runtime", WORKING, ids=lambda runtime: runtime.name)
def test_every_detector_runtime_that_works_here_passes(runtime: object) -> None:
    check_detector_runtime(runtime, MODEL.detector)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "runtime",
    [r for r in READING if MODEL.recognizer.format in r.formats],
    ids=lambda runtime: runtime.name,
)
def test_every_recognizer_runtime_that_works_here_passes(runtime: object) -> None:
    check_recognizer_runtime(runtime, MODEL.recognizer)  # type: ignore[arg-type]


@pytest.mark.parametrize("region", OURS.regions.values(), ids=lambda region: region.code)
def test_every_region_passes(region: object) -> None:
    check_region(region)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", sink_formats(), ids=lambda format: format.name)
def test_every_format_passes(format: object) -> None:
    check_sink(format)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(p.parent.name for p in SHIPPED.glob("*/model.toml")))
def test_every_shipped_model_passes(name: str) -> None:
    assert check_model_pack(name) == read_model(SHIPPED / name)


class _NoList(FixedText):
    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return tuple(super().read(crops))  # type: ignore[return-value]


class _Loses(FixedText):
    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return super().read(crops)[:3]


class _ByCompany(FixedText):
    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [Reading("ABC" if len(crops) == 1 else "XYZ", 0.9) for _ in crops]


class _Moody(FixedText):
    count = itertools.count()

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [Reading(f"A{next(self.count)}", 0.9) for _ in crops]


class _Scribbles(FixedText):
    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        for crop in crops:
            crop.image[:] = 0
        return super().read(crops)


class _OneThread(FixedText):
    thread: int | None = None

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        self.thread = self.thread or threading.get_ident()
        return [Reading("A" if threading.get_ident() == self.thread else "B", 0.9) for _ in crops]


@pytest.mark.parametrize(
    ("recognizer", "complaint"),
    [
        (object(), "is no TextRecognizer"),
        (_NoList(), "no crops|no list of readings"),
        (_Loses(), "3 readings for 5 crops"),
        (FixedText("abc"), "only A-Z and 0-9"),
        (FixedText("ABC", 1.5), r"1.5, not a number in 0..1"),
        (FixedText("ABC", float("nan")), r"nan, not a number in 0..1"),
        (_ByCompany(), "read together differ from crops read alone"),
        (_Moody(), "differ from|gave other readings"),
        (_Scribbles(), "a crop's picture was changed"),
        (_OneThread(), "several threads at once gave other readings"),
    ],
)
def test_a_recognizer_that_breaks_a_promise_is_told(recognizer: object, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_text_recognizer(recognizer)  # type: ignore[arg-type]


class _Doubles(FixedLogits):
    def logits(self, batch: Float32) -> Float32:
        return super().logits(batch).astype(np.float64)  # type: ignore[return-value]


class _Wide(FixedLogits):
    def logits(self, batch: Float32) -> Float32:
        return super().logits(batch)[:, :, :-1]


class _Infinite(FixedLogits):
    def logits(self, batch: Float32) -> Float32:
        return np.full_like(super().logits(batch), np.inf)


class _Leaks(FixedLogits):
    def logits(self, batch: Float32) -> Float32:
        return super().logits(batch) + np.float32(len(batch))


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (_Doubles("A_1"), "float64, not float32"),
        (_Wide("A_1"), r"expected \(\d, 3, 37\)"),
        (_Infinite("A_1"), "not finite"),
        (_Leaks("A_1"), "logits depend on the batch"),
    ],
)
def test_a_ctc_network_that_breaks_a_promise_is_told(network: FixedLogits, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_ctc_recognizer(network)


class _Network:
    """Heads that are plain functions of the input, or spoilt by ``spoil``."""

    def __init__(self, spoil: Callable[[Float32], Float32]) -> None:
        self.spoil = spoil

    def forward(self, batch: Float32) -> list[Float32]:
        return [self.spoil(np.repeat(batch[:, :1, ::32, ::32], 18, axis=1))]

    def close(self) -> None: ...


class _Runtime:
    name, device, priority = "mine", "cpu", 0

    def __init__(self, spoil: Callable[[Float32], Float32], careful: bool = True) -> None:
        self.spoil, self.careful = spoil, careful

    def problem(self) -> str | None:
        return None

    def open(self, model: DetectorModel, threads: int) -> _Network:
        if self.careful and model.weights.stat().st_size < MODEL.detector.weights.stat().st_size:
            raise ModelError(f"{model.weights}: is cut off")
        return _Network(self.spoil)


def test_a_detector_runtime_of_any_make_passes() -> None:
    check_detector_runtime(_Runtime(lambda head: head), MODEL.detector)


@pytest.mark.parametrize(
    ("runtime", "complaint"),
    [
        (_Runtime(lambda head: head.astype(np.float64)), "float64"),  # type: ignore[arg-type]
        (_Runtime(lambda head: head[0]), "has to be float32 N,C,h,w"),
        (_Runtime(lambda head: head + np.float32(len(head))), "head 0 depends on the batch"),
        (_Runtime(lambda head: head, careful=False), "a file that is cut off"),
        (object(), "is no DetectorRuntime"),
    ],
)
def test_a_detector_runtime_that_breaks_a_promise_is_told(runtime: object, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_detector_runtime(runtime, MODEL.detector)  # type: ignore[arg-type]


class _TextRuntime:
    name, device, priority = "mine", "cpu", 0
    formats = frozenset({"onnx"})

    def problem(self) -> str | None:
        return None

    def open(self, model: RecognizerModel, threads: int) -> FixedText:
        return FixedText()


def test_a_runtime_that_does_not_look_at_its_file_is_told() -> None:
    with pytest.raises(AssertionError, match="mine opens a file that is cut off"):
        check_recognizer_runtime(_TextRuntime(), MODEL.recognizer)


class _Format:
    name, one_per_picture = "mine", False

    def __init__(self, sink: Callable[[TextIO], object]) -> None:
        self.open = sink


class _Closes(JsonlSink):
    def close(self) -> None:
        self._stream.close()


class _Lazy:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        self.stream.write(f"{[plate.text for plate in plates]}\n")

    def error(self, source: str, message: str) -> None: ...

    def close(self) -> None:
        self.stream.flush()


class _Raw(_Lazy):
    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        self.stream.write(frame.source)
        self.stream.flush()


class _Counts(_Lazy):
    count = itertools.count()

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        self.stream.write(f"{next(self.count)}\n")
        self.stream.flush()


class _Elsewhere(_Lazy):
    """Keeps its records in another place than the stream."""

    def frame(self, frame: Frame, plates: Sequence[Plate], timing: Timing | None = None) -> None:
        """Nothing to write."""


def test_a_format_that_writes_elsewhere_passes() -> None:
    check_sink(_Format(_Elsewhere))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sink", "complaint"),
    [
        (_Closes, "the stream was closed"),
        (_Lazy, "written and not flushed"),
        (_Counts, "the same records gave another text"),
        (lambda stream: object(), "is no RecordSink"),
    ],
)
def test_a_format_that_breaks_a_promise_is_told(
    sink: Callable[[TextIO], object], complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_sink(_Format(sink))  # type: ignore[arg-type]


def test_a_format_that_writes_what_no_file_can_hold_is_told() -> None:
    with pytest.raises(UnicodeEncodeError):
        check_sink(_Format(_Raw))  # type: ignore[arg-type]


def test_a_format_that_leaves_a_full_disk_to_python_is_told() -> None:
    class Naked(_Lazy):
        def frame(self, frame: Frame, plates: Sequence[Plate], timing: object = None) -> None:
            self.stream.write("x\n")
            self.stream.flush()

    with pytest.raises(AssertionError, match="it has to be OutputError"):
        check_sink(_Format(Naked))  # type: ignore[arg-type]


def test_a_model_pack_that_is_not_installed_is_told() -> None:
    with pytest.raises(AssertionError, match="nowhere is not installed"):
        check_model_pack("nowhere")


def test_a_damaged_model_pack_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in (SHIPPED / MODEL.name).iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    folders = {"mine": tmp_path}
    monkeypatch.setattr("lpr.testing.models.installed_models", lambda: folders)
    with pytest.raises(AssertionError, match="holds the model tw-light: use one name"):
        check_model_pack("mine")
    folders[MODEL.name] = tmp_path
    check_model_pack(MODEL.name)
    (tmp_path / MODEL.recognizer.file.name).write_bytes(b"other")
    with pytest.raises(AssertionError, match="damaged or was exchanged"):
        check_model_pack(MODEL.name)


def test_speeds_are_those_of_one_and_of_many() -> None:
    (reads,) = [r for r in READING if r.name == "opencv"]
    (finds,) = [r for r in WORKING if r.name == "opencv"]
    for speeds in (
        recognizer_speed(reads, MODEL.recognizer),
        detector_speed(finds, MODEL.detector),
    ):
        assert [speed.batch for speed in speeds] == [1, 8]
        assert all(speed.ms_each > 0 for speed in speeds)
