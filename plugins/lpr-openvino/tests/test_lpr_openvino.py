from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("lpr_openvino", reason="lpr-openvino is not installed")

import lpr
from lpr.darknet.cfg import Cfg
from lpr.errors import ModelError
from lpr.runtimes.opencv import detector_runtimes, recognizer_runtimes
from lpr.specs import DetectorModel, DetectorSpec
from lpr.testing import check_detector_runtime, check_recognizer_runtime
from lpr_openvino import OpenVinoDetectorRuntime, OpenVinoRecognizerRuntime
from tests.darknet.nets import BODIES, conv, head, net, pictures, random_weights
from tests.runtimes.ctc import ctc_model

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
OPENCV = detector_runtimes()[0]
OPENCV_READER = recognizer_runtimes()[0]


def detector(folder: Path, cfg: Cfg) -> DetectorModel:
    spec = DetectorSpec(cfg.net.width, cfg.net.height, "letterbox", "rgb", 0.5, 0.45)
    model = DetectorModel(folder / "net.cfg", folder / "net.weights", spec)
    model.cfg.write_text(cfg.to_text())
    random_weights(cfg).save(model.weights)
    return model


@pytest.mark.parametrize("name", ["two heads", "shortcut", "upsample", "spatial pyramid"])
def test_the_detector_conforms_and_agrees_with_opencv(name: str, tmp_path: Path) -> None:
    model = detector(tmp_path, net(BODIES[name]))
    reference = OPENCV.open(model, threads=0)
    check_detector_runtime(OpenVinoDetectorRuntime(), model, reference)


def test_several_threads_share_a_detector(tmp_path: Path) -> None:
    network = OpenVinoDetectorRuntime().open(
        detector(tmp_path, net(BODIES["two heads"])), threads=1
    )
    batches = [pictures(48, 36, 1, seed) for seed in range(16)]
    expected = [network.forward(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(network.forward, batches))
    for ours, theirs in zip(results, expected, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("batch", ["N", 1], ids=["any batch", "batch fixed at 1"])
@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_the_recognizer_conforms_and_agrees_with_opencv(
    channels: str, batch: str | int, tmp_path: Path
) -> None:
    model = ctc_model(tmp_path, channels=channels, batch=batch)
    check_recognizer_runtime(OpenVinoRecognizerRuntime(), model)
    ours, theirs = (
        runtime.open(model, threads=1) for runtime in (OpenVinoRecognizerRuntime(), OPENCV_READER)
    )
    planes = 1 if channels == "gray" else 3
    crops = np.random.default_rng(0).random((3, planes, 16, 32), np.float32)
    np.testing.assert_allclose(ours.logits(crops), theirs.logits(crops), atol=1e-4)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    model = ctc_model(tmp_path, classes=5)
    with pytest.raises(ModelError, match="1 x T x 4: correct the alphabet"):
        OpenVinoRecognizerRuntime().open(model, threads=1)
    model.file.write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"reader\.onnx: OpenVINO refuses it"):
        OpenVinoRecognizerRuntime().open(model, threads=1)
    model.file.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        OpenVinoRecognizerRuntime().open(model, threads=1)

    files = detector(tmp_path, net(conv(8, 3, 2) + head() + "[route]\nlayers=-3\n"))
    with pytest.raises(ModelError, match="nearest that fit: 46x36 and 48x36"):
        OpenVinoDetectorRuntime().open(files, threads=1).forward(pictures(47, 36, 1))
    files.weights.write_bytes(files.weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match="truncated"):
        OpenVinoDetectorRuntime().open(files, threads=1)


def test_closing(tmp_path: Path) -> None:
    network = OpenVinoDetectorRuntime().open(detector(tmp_path, net(conv(8))), threads=1)
    network.close()
    network.close()
    with pytest.raises(ValueError, match="closed"):
        network.forward(pictures(48, 36, 1))


def test_lpr_finds_the_plugin() -> None:
    (found,) = (e for e in entry_points(group="lpr") if e.name == "openvino")
    assert found.value == "lpr_openvino"


def test_loading_the_plugin_imports_no_runtime() -> None:
    code = "import sys, lpr_openvino; print({'onnx', 'openvino'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


@pytest.mark.parametrize("part", ["whole", "lower half", "middle"])
def test_the_shipped_model_finds_and_reads_the_same_plates_as_in_opencv(part: str) -> None:
    """In inputs of several proportions; the same network, so the same boxes up to rounding."""
    pictures = [cv2.imread(str(file)) for file in sorted(SAMPLES.glob("*.jpg"))]
    if part == "lower half":
        pictures = [picture[picture.shape[0] // 2 :] for picture in pictures]
    elif part == "middle":
        pictures = [p[:, p.shape[1] // 4 : -(p.shape[1] // 4)] for p in pictures]
    with (
        lpr.load(backend="openvino", min_confidence=0) as ours,
        lpr.load(backend="opencv", min_confidence=0) as theirs,
    ):
        results = [(ours.read(picture), theirs.read(picture)) for picture in pictures]
    assert any(plates for plates, _ in results)
    for mine, other in results:
        assert len(mine) == len(other)
        for plate, twin in zip(mine, other, strict=True):
            assert plate.box.iou(twin.box) >= 0.99
            assert plate.detection.confidence == pytest.approx(twin.detection.confidence, abs=1e-3)
            assert plate.text == twin.text
