"""The tests that every runtime of Darknet detectors and ONNX recognizers passes.

A subclass names its runtimes and runs the tests::

    class TestOpenVino(RuntimeSuite):
        detector = OpenVinoDetectorRuntime()
        recognizer = OpenVinoRecognizerRuntime()
        refusal = "OpenVINO refuses it"
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest

import lpr
from lpr.darknet.cfg import Cfg
from lpr.errors import ModelError
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.opencv import detector_runtimes, recognizer_runtimes
from lpr.specs import DetectorModel, DetectorSpec
from lpr.testing import check_detector_runtime, check_recognizer_runtime
from tests.darknet.nets import BODIES, conv, head, net, pictures, random_weights
from tests.runtimes.ctc import ctc_model

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def detector_model(folder: Path, cfg: Cfg, width: int = 48, height: int = 36) -> DetectorModel:
    """A Darknet detector with random weights, written to ``folder``."""
    spec = DetectorSpec(width, height, "letterbox", "rgb", 0.5, 0.45)
    model = DetectorModel(folder / "net.cfg", folder / "net.weights", spec)
    model.cfg.write_text(cfg.to_text())
    random_weights(cfg).save(model.weights)
    return model


class RuntimeSuite:
    detector: ClassVar[DetectorRuntime]
    recognizer: ClassVar[RecognizerRuntime]
    refusal: ClassVar[str]
    """What the runtime says of a file that is no network."""

    @pytest.mark.parametrize("name", ["two heads", "shortcut", "upsample", "spatial pyramid"])
    def test_the_detector_conforms_and_agrees_with_opencv(self, name: str, tmp_path: Path) -> None:
        model = detector_model(tmp_path, net(BODIES[name]))
        check_detector_runtime(self.detector, model, detector_runtimes()[0].open(model, 0))

    def test_several_threads_share_a_detector(self, tmp_path: Path) -> None:
        network = self.detector.open(detector_model(tmp_path, net(BODIES["two heads"])), threads=1)
        batches = [pictures(48, 36, 1 + seed % 2, seed) for seed in range(16)]
        expected = [network.forward(batch) for batch in batches]
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(network.forward, batches))
        for actual_heads, expected_heads in zip(results, expected, strict=True):
            for a, b in zip(actual_heads, expected_heads, strict=True):
                np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize("batch", ["N", 1], ids=["any batch", "batch fixed at 1"])
    @pytest.mark.parametrize("channels", ["gray", "rgb"])
    def test_the_recognizer_conforms_and_agrees_with_opencv(
        self, channels: str, batch: str | int, tmp_path: Path
    ) -> None:
        model = ctc_model(tmp_path, channels=channels, batch=batch)
        check_recognizer_runtime(self.recognizer, model)
        crops = np.random.default_rng(0).random((3, model.spec.planes, 16, 32), np.float32)
        logits, expected = (
            runtime.open(model, threads=1).logits(crops)  # type: ignore[union-attr]
            for runtime in (self.recognizer, recognizer_runtimes()[0])
        )
        np.testing.assert_allclose(logits, expected, atol=1e-4)

    def test_recognizers_that_do_not_fit_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="an alphabet of 3 and a blank need 1 x T x 4"):
            self.recognizer.open(ctc_model(tmp_path, classes=5), threads=1)
        model = ctc_model(tmp_path)
        short = replace(model, spec=replace(model.spec, dropped_steps=16))
        with pytest.raises(ModelError, match="16 time steps, and 16 are dropped"):
            self.recognizer.open(short, threads=1)
        colored = replace(model, spec=replace(model.spec, channels="rgb"))
        with pytest.raises(ModelError, match=r"on an input of .* (it does not run|it gives 0 x)"):
            self.recognizer.open(colored, threads=1)
        model.file.write_bytes(b"no network")
        with pytest.raises(ModelError, match=rf"reader\.onnx: {self.refusal}"):
            self.recognizer.open(model, threads=1)
        model.file.unlink()
        with pytest.raises(ModelError, match="cannot be read"):
            self.recognizer.open(model, threads=1)

    def test_detectors_that_do_not_fit_are_refused(self, tmp_path: Path) -> None:
        cfg = net(conv(8, 3, 2) + head() + "[route]\nlayers=-3\n")
        model = detector_model(tmp_path, cfg)
        with pytest.raises(ModelError, match="nearest that fit: 46x36 and 48x36"):
            self.detector.open(model, threads=1).forward(pictures(47, 36, 1))
        with pytest.raises(ModelError, match="input size 47x36 does not fit"):
            self.detector.open(detector_model(tmp_path, cfg, width=47), threads=1)
        model.weights.write_bytes(model.weights.read_bytes()[:-1])
        with pytest.raises(ModelError, match="truncated"):
            self.detector.open(model, threads=1)

    def test_closed_networks_say_so(self, tmp_path: Path) -> None:
        network = self.detector.open(detector_model(tmp_path, net(conv(8))), threads=1)
        recognizer = self.recognizer.open(ctc_model(tmp_path), threads=1)
        for opened in (network, network, recognizer, recognizer):
            opened.close()
        with pytest.raises(ValueError, match="closed"):
            network.forward(pictures(48, 36, 1))
        with pytest.raises(ValueError, match="closed"):
            recognizer.logits(np.zeros((1, 1, 16, 32), np.float32))  # type: ignore[union-attr]


class PluginSuite(RuntimeSuite):
    """Adds the tests of a plugin: registration, late imports and the shipped model."""

    module: ClassVar[str]
    entry_point: ClassVar[str]
    packages: ClassVar[frozenset[str]]
    """The packages that loading the plugin must not import."""

    def test_lpr_finds_the_plugin(self) -> None:
        (point,) = entry_points(group="lpr", name=self.entry_point)
        assert point.value == self.module

    def test_loading_the_plugin_imports_no_runtime(self) -> None:
        code = f"import sys, {self.module}; print(set({self.packages!r} & set(sys.modules)))"
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert run.stdout == "set()\n"

    @pytest.mark.parametrize("part", ["whole", "lower half", "middle"])
    def test_the_shipped_model_finds_and_reads_the_same_plates_as_in_opencv(
        self, part: str
    ) -> None:
        """In inputs of several proportions; the same network, so the same boxes up to rounding."""
        images = [cv2.imread(str(file)) for file in sorted(SAMPLES.glob("*.jpg"))]
        if part == "lower half":
            images = [image[image.shape[0] // 2 :] for image in images]
        elif part == "middle":
            images = [p[:, p.shape[1] // 4 : -(p.shape[1] // 4)] for p in images]
        with (
            lpr.load(backend=self.detector.name, min_confidence=0) as reader,
            lpr.load(backend="opencv", min_confidence=0) as reference,
        ):
            results = [(reader.read(image), reference.read(image)) for image in images]
        assert any(plates for plates, _ in results)
        for plates, expected in results:
            assert len(plates) == len(expected)
            for plate, other in zip(plates, expected, strict=True):
                confidence = pytest.approx(other.detection.confidence, abs=1e-3)
                assert plate.box.iou(other.box) >= 0.99
                assert plate.detection.confidence == confidence
                assert plate.text == other.text
