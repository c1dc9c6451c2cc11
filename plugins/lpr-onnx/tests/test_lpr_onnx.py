from __future__ import annotations

import pytest

pytest.importorskip("lpr_onnx", reason="lpr-onnx is not installed")

from lpr_onnx import OnnxDetectorRuntime, OnnxRecognizerRuntime
from tests.runtimes.suite import PluginSuite


class TestOnnxRuntime(PluginSuite):
    detector = OnnxDetectorRuntime()
    recognizer = OnnxRecognizerRuntime()
    refusal = "ONNX Runtime refuses it"
    module = "lpr_onnx"
    entry_point = "onnx"
    packages = frozenset({"onnx", "onnxruntime"})
