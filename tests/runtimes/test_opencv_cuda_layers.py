"""What runs on CUDA and what falls back, told without a GPU."""

from __future__ import annotations

import logging
from dataclasses import replace

import cv2
import pytest

from lpr.errors import BackendError
from lpr.models import Model, load_model
from lpr.runtimes.opencv import OpenCvDetectorRuntime, OpenCvRecognizerRuntime
from lpr.runtimes.opencv_cuda_layers import cpu_layers, describe_layers, layer_types
from lpr.runtimes.opencv_detector import OpenCvDetector
from lpr.runtimes.opencv_recognizer import OpenCvRecognizer
from lpr.runtimes.opencv_target import CPU
from lpr.runtimes.select import choose_recognizers, select

MODEL = load_model("tw-light")
CUDA = OpenCvDetectorRuntime("cuda", "cuda", 10)
CUDA_RECOGNIZER = OpenCvRecognizerRuntime("cuda", "cuda", 10)
ONNX = OpenCvRecognizerRuntime("onnx", "cpu", 5)


def installed(name: str) -> Model:
    try:
        return load_model(name)
    except Exception as error:
        pytest.skip(str(error))


opencv4 = pytest.mark.skipif(
    int(cv2.__version__.split(".")[0]) >= 5, reason="OpenCV 5 has no CUDA for networks"
)


@opencv4
def test_all_layers_of_the_built_in_model_run_on_cuda() -> None:
    for net in (
        OpenCvDetector(MODEL.detector, CPU)._net,
        OpenCvRecognizer(MODEL.recognizer, CPU)._net,
    ):
        types = layer_types(net)
        assert len(types) > 10
        assert cpu_layers(types) == []


@opencv4
def test_all_layers_of_the_accurate_recognizer_run_on_cuda() -> None:
    net = OpenCvRecognizer(installed("tw-accurate").recognizer, CPU)._net
    assert cpu_layers(layer_types(net)) == []


# As OpenCV 4.14 imports the networks named.
@pytest.mark.parametrize(
    ("types", "said"),
    [
        (["Convolution", "ReLU", "Permute"], "all 3 layers run on CUDA"),
        (["Convolution", "Gather", "Permute"], "1 of 3 layers runs on the CPU: Gather"),
        (
            ["Convolution", "GRU", "GRU", "Gather", "Gemm"],
            "3 of 5 layers run on the CPU: GRU, Gather",
        ),
        (
            ["Quantize", "Dequantize", "Convolution"],
            "2 of 3 layers run on the CPU: Quantize, Dequantize",
        ),
    ],
)
def test_the_header_names_the_layers_that_fall_back(types: list[str], said: str) -> None:
    assert describe_layers(types) == said


def test_cuda_refuses_8_bit_detectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenCvDetectorRuntime, "problem", lambda self: None)
    int8 = replace(MODEL.detector, precision="int8")
    cpu = OpenCvDetectorRuntime("opencv", "cpu", 10)
    with pytest.raises(BackendError, match=r"no CUDA for 8-bit layers; these work here: opencv"):
        select([cpu, CUDA], "cuda", "darknet", model=int8)
    assert select([cpu, CUDA], "auto", "darknet", model=int8) is cpu
    assert select([cpu, CUDA], "auto", "darknet", model=MODEL.detector) is CUDA


def test_a_recurrent_recognizer_goes_to_another_runtime(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(OpenCvRecognizerRuntime, "problem", lambda self: None)
    seed = installed("seed-resnet18-2222-64")
    with caplog.at_level(logging.INFO, "lpr"):
        (choice,) = choose_recognizers([CUDA_RECOGNIZER, ONNX], seed, None, "cuda", CUDA)
    assert choice.runtime is ONNX
    assert "onnx instead of cuda: OpenCV would run its GRU layers on the CPU" in caplog.text
    with pytest.raises(BackendError, match="does not run this model"):
        choose_recognizers([CUDA_RECOGNIZER, ONNX], seed, "cuda", "cuda", CUDA)
    (choice,) = choose_recognizers([CUDA_RECOGNIZER, ONNX], MODEL, None, "cuda", CUDA)
    assert choice.runtime is CUDA_RECOGNIZER
