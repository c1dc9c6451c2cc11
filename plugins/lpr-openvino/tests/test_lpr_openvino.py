from __future__ import annotations

import pytest

pytest.importorskip("lpr_openvino", reason="lpr-openvino is not installed")

from lpr_openvino import OpenVinoDetectorRuntime, OpenVinoRecognizerRuntime
from tests.runtimes.suite import PluginSuite


class TestOpenVino(PluginSuite):
    detector = OpenVinoDetectorRuntime()
    recognizer = OpenVinoRecognizerRuntime()
    refusal = "OpenVINO refuses it"
    module = "lpr_openvino"
    entry_point = "openvino"
    packages = frozenset({"onnx", "openvino"})
