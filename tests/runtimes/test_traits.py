"""What runtimes may have beyond their protocol: a device's number, a precision, formats."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import lpr
from lpr import loading
from lpr.darknet.onnx_cache import network_of
from lpr.errors import BackendError
from lpr.models import load_model
from lpr.plugins.registry import Registry
from lpr.protocols import DetectorNetwork, DetectorRuntime
from lpr.runtimes.opencv import OpenCvDetectorRuntime, detector_runtimes
from lpr.runtimes.opencv_target import Target
from lpr.runtimes.traits import device_of, formats_of, pinned, precision_of
from lpr.specs import DetectorModel
from lpr.types import Float32

CPU, CUDA, HALF = detector_runtimes()


class Bare:
    """A runtime as of the first lpr: only what the protocol asks for."""

    name, device, priority = "bare", "cpu", 0


def test_what_holds_for_a_runtime_that_says_nothing() -> None:
    bare: DetectorRuntime = Bare()  # type: ignore[assignment]
    assert formats_of(bare) == {"darknet"}
    assert precision_of(bare) == "float32"
    assert device_of(bare) == "cpu"
    assert pinned(bare, None) is bare
    with pytest.raises(BackendError, match="bare runs on the CPU, which has no numbers"):
        pinned(bare, 0)


def test_opencvs_runtimes() -> None:
    assert [device_of(runtime) for runtime in (CPU, CUDA, HALF)] == ["cpu", "cuda:0", "cuda:0"]
    assert [precision_of(r) for r in (CPU, CUDA, HALF)] == ["float32", "float32", "float16"]
    assert CUDA.priority > HALF.priority, "auto never chooses half precision"
    with pytest.raises(BackendError, match="opencv runs on the CPU"):
        pinned(CPU, 0)


def test_another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.cuda, "getCudaEnabledDeviceCount", lambda: 2)
    second = pinned(HALF, 1)
    assert isinstance(second, OpenCvDetectorRuntime)
    assert (device_of(second), second.name, precision_of(second)) == (
        "cuda:1",
        "cuda-fp16",
        "float16",
    )
    assert second.target() == Target(
        cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA_FP16, number=1
    )
    with pytest.raises(BackendError, match="no CUDA device 7: OpenCV finds 2, counted from 0"):
        pinned(CUDA, 7)


def test_a_network_enters_its_device_before_every_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CUDA's current device is each thread's own, and another network may have changed it."""
    entered: list[int] = []
    monkeypatch.setattr(cv2.cuda, "setDevice", entered.append)
    from lpr.runtimes.opencv_detector import OpenCvDetector

    model = load_model().detector
    target = Target(cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU, number=3)
    network = OpenCvDetector(model, target)
    batch = np.zeros((1, 3, 96, 96), np.float32)
    network.forward(batch)
    network.forward(batch)
    assert entered == [3, 3, 3]  # to choose the target, and before each run


def test_a_planned_network_is_given_one_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV plans a network on CUDA anew for each shape: the last frames of a video are padded."""
    monkeypatch.setattr(cv2.cuda, "setDevice", lambda number: None)
    from lpr.runtimes.opencv_detector import OpenCvDetector

    class Recorder:
        def __init__(self, net: cv2.dnn.Net) -> None:
            self.net, self.shapes = net, []

        def setInput(self, batch: np.ndarray) -> None:  # noqa: N802
            self.shapes.append(batch.shape)
            self.net.setInput(batch)

        def forward(self, names: list[str]) -> object:
            return self.net.forward(names)

    model = load_model().detector
    target = Target(cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU, number=0)
    network = OpenCvDetector(model, target)
    recorder = network._net = Recorder(network._net)  # type: ignore[assignment]
    frames = np.random.default_rng(1).random((4, 3, 96, 96), np.float32)
    whole = network.forward(frames)
    part = network.forward(frames[:2])
    assert recorder.shapes == [(4, 3, 96, 96)] * 2
    for all_of_them, two in zip(whole, part, strict=True):
        np.testing.assert_allclose(two, all_of_them[:2], atol=1e-5)


def test_a_model_that_says_its_precision_knows_better() -> None:
    model = load_model().detector
    assert precision_of(HALF, model) == "float16"
    assert precision_of(CPU, replace(model, precision="int8")) == "int8"


@dataclass
class Gpu:
    """A GPU that computes nothing, and counts how often it is asked to."""

    name: str = "gpu"
    device: str = "cuda"
    priority: int = 90
    precision: str = "float16"
    number: int = 0
    runs: int = 0

    def problem(self) -> str | None:
        return None

    def on(self, number: int) -> Gpu:
        self.number = number
        return self

    def open(self, model: DetectorModel, threads: int) -> DetectorNetwork:
        self.cfg = network_of(model).cfg
        return self

    def forward(self, batch: Float32) -> list[Float32]:
        self.runs += 1
        count, _, height, width = batch.shape
        shapes = self.cfg.shapes(width, height)
        return [np.full((count, *shapes[h.index]), -9, np.float32) for h in self.cfg.heads]

    def close(self) -> None:
        pass


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    gpu = Gpu()
    everything = loading.registry()
    plugged = Registry(
        detector_runtimes=[CPU, gpu],
        recognizer_runtimes=everything.recognizer_runtimes,
        regions=everything.regions,
    )
    monkeypatch.setattr(loading, "registry", lambda: plugged)
    return gpu


def test_a_gpu_is_warmed_up_before_the_first_picture(
    gpu: Gpu, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "lpr"), lpr.load(device=2):
        assert gpu.runs == 1
    header, warm_up = (record.getMessage() for record in caplog.records)
    assert "detector: gpu on cuda:2, float16, 384x384; recognizer: " in header
    assert " on cpu, float32" in header
    assert warm_up.startswith("warm-up: ")


def test_the_cpu_needs_no_warm_up(gpu: Gpu, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lpr"), lpr.load(backend="opencv"):
        assert gpu.runs == 0
    assert "warm-up" not in caplog.text
    assert "detector: opencv on cpu, float32" in caplog.text


def test_numbers_of_devices_start_at_0() -> None:
    with pytest.raises(ValueError, match="device has to be 0 or more, not -1"):
        lpr.load(device=-1)


def test_a_detector_of_another_format_goes_to_those_that_run_it(tmp_path: Path) -> None:
    from lpr.runtimes.select import select

    bare = SimpleNamespace(name="bare", device="cpu", priority=90, problem=lambda: None)
    runtimes: list[DetectorRuntime] = [bare, CPU]  # type: ignore[list-item]
    assert select(runtimes, "cpu").name == "bare"
    assert select(runtimes, "cpu", "onnx").name == "opencv"
    with pytest.raises(
        BackendError, match=r"bare does not run onnx files.*these work here: opencv"
    ):
        select(runtimes, "bare", "onnx")
