from __future__ import annotations

from dataclasses import dataclass

import pytest

from lpr.errors import BackendError
from lpr.protocols import DetectorNetwork, TextRecognizer
from lpr.runtimes.select import select, select_recognizer
from lpr.specs import DetectorModel, RecognizerModel


@dataclass
class Runtime:
    """A runtime that only has what a choice is made by."""

    name: str
    device: str = "cpu"
    priority: int = 10
    fault: str | None = None

    def problem(self) -> str | None:
        return self.fault

    def open(self, model: DetectorModel, threads: int) -> DetectorNetwork:
        raise NotImplementedError


@dataclass
class Reads:
    name: str
    device: str = "cpu"
    priority: int = 10
    fault: str | None = None
    formats: frozenset[str] = frozenset({"onnx"})

    def problem(self) -> str | None:
        return self.fault

    def open(self, model: RecognizerModel, threads: int) -> TextRecognizer:
        raise NotImplementedError


OPENCV = Runtime("opencv")
CUDA = Runtime("cuda", "cuda")
NO_CUDA = Runtime("cuda", "cuda", fault="OpenCV is built without CUDA")
ONNX = Runtime("onnxruntime", priority=50)
NO_ONNX = Runtime("onnxruntime", priority=50, fault="onnxruntime is broken")


@pytest.mark.parametrize(
    ("runtimes", "backend", "name"),
    [
        ((OPENCV, CUDA, ONNX), "auto", "cuda"),
        ((OPENCV, NO_CUDA, ONNX), "auto", "onnxruntime"),
        ((OPENCV, NO_CUDA, NO_ONNX), "auto", "opencv"),
        ((OPENCV, CUDA, Runtime("tensorrt", "cuda", 70)), "auto", "tensorrt"),
        ((OPENCV, CUDA, Runtime("tensorrt", "cuda", 70)), "cuda", "cuda"),
        ((OPENCV, CUDA, ONNX), "cpu", "onnxruntime"),
        ((OPENCV, CUDA, NO_ONNX), "cpu", "opencv"),
        ((OPENCV, CUDA, ONNX), "opencv", "opencv"),
        ((OPENCV, Runtime("twin")), "cpu", "opencv"),
        ((OPENCV, Runtime("npu", "npu", 90)), "auto", "opencv"),
        ((OPENCV, Runtime("npu", "npu", 90)), "npu", "npu"),
    ],
)
def test_what_is_chosen(runtimes: tuple[Runtime, ...], backend: str, name: str) -> None:
    assert select(runtimes, backend).name == name


def test_cuda_is_never_replaced_in_silence() -> None:
    with pytest.raises(BackendError) as error:
        select([OPENCV, NO_CUDA, ONNX], "cuda")
    assert "OpenCV is built without CUDA" in str(error.value)
    assert "these work here: opencv (cpu), onnxruntime (cpu)" in str(error.value)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(BackendError, match="no backend 'openvino'; use one of auto, cpu, opencv"):
        select([OPENCV], "openvino")


def test_nothing_works() -> None:
    with pytest.raises(BackendError, match="cuda: OpenCV is built without CUDA; onnxruntime: onnx"):
        select([NO_CUDA, NO_ONNX], "auto")
    with pytest.raises(BackendError, match="no other runtime works here"):
        select([NO_CUDA, NO_ONNX], "cuda")
    with pytest.raises(BackendError, match="none is registered"):
        select([], "auto")


BOTH = (Reads("opencv"), Reads("cuda", "cuda"), Reads("onnxruntime", priority=50))


@pytest.mark.parametrize(
    ("runtimes", "backend", "name"),
    [
        (BOTH, "opencv", "opencv"),
        (BOTH, "onnxruntime", "onnxruntime"),
        (BOTH, "cuda", "cuda"),
        (BOTH, "auto", "cuda"),
        (BOTH, "cpu", "onnxruntime"),
        (BOTH, "somebody", "onnxruntime"),
        ((Reads("opencv"), Reads("cuda", "cuda", fault="no GPU")), "cuda", "opencv"),
        ((Reads("opencv"), Reads("trt", "cuda", formats=frozenset({"engine"}))), "trt", "opencv"),
        ((*BOTH, Reads("trt", "cuda", formats=frozenset({"engine"}))), "trt", "cuda"),
        ((Reads("opencv"), Reads("whole", priority=99, formats=frozenset())), "cpu", "opencv"),
        ((Reads("opencv"), Reads("whole", priority=99, formats=frozenset())), "whole", "opencv"),
    ],
)
def test_which_recognizer_goes_with_a_detector(
    runtimes: tuple[Reads, ...], backend: str, name: str
) -> None:
    assert select_recognizer(runtimes, backend, "onnx").name == name


def test_a_recognizer_that_was_asked_for() -> None:
    whole = Reads("whole", formats=frozenset())
    assert select_recognizer([*BOTH, whole], "whole", "onnx", required=True) is whole
    assert select_recognizer([*BOTH, whole], "cpu", "onnx", required=True).name == "onnxruntime"
    with pytest.raises(BackendError, match="there is no recognizer 'other'"):
        select_recognizer(BOTH, "other", "onnx", required=True)
    with pytest.raises(BackendError, match=r"no GPU; these work here: opencv \(cpu\)"):
        select_recognizer(
            [Reads("opencv"), Reads("cuda", "cuda", fault="no GPU")], "cuda", "onnx", required=True
        )
    with pytest.raises(BackendError, match="trt runs engine files, but the model's is onnx"):
        select_recognizer(
            [*BOTH, Reads("trt", formats=frozenset({"engine"}))], "trt", "onnx", required=True
        )


def test_no_recognizer_runs_the_format() -> None:
    with pytest.raises(BackendError, match="no recognizer runs the model's torch file here"):
        select_recognizer(BOTH, "auto", "torch")
