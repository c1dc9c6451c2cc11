from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lpr.errors import ModelError
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.opencv import detector_runtimes, recognizer_runtimes
from lpr.runtimes.opencv_importer import headless
from lpr.specs import DetectorModel, DetectorSpec
from lpr.testing import check_detector_runtime
from tests.darknet.nets import conv, head, net, pictures, random_weights, yolov3
from tests.runtimes.ctc import ctc_model
from tests.runtimes.suite import RuntimeSuite, detector_model

CPU, CUDA, HALF = detector_runtimes()
READER = recognizer_runtimes()[0]
SMALL = (
    conv(8, 3, 2)
    + head(classes=2)
    + "[route]\nlayers=-3\n"
    + conv(12, 3, 2, "leaky")
    + conv(8)
    + "[shortcut]\nfrom=-2\nactivation=leaky\n"
)


class TestOpenCv(RuntimeSuite):
    detector = CPU
    recognizer = READER
    refusal = "OpenCV's ONNX reader refuses it"


def numpy_convolution(x: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """One picture, 3 x 3, padding 1."""
    _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    out = np.broadcast_to(biases[:, None, None], (len(biases), height, width)).copy()
    for j in range(3):
        for i in range(3):
            window = padded[:, j : j + height, i : i + width]
            out += np.einsum("oc,chw->ohw", weights[:, :, j, i], window)
    return out


def test_heads_are_raw_values(tmp_path: Path) -> None:
    """Nothing of ``[yolo]`` has touched them: no sigmoid, no threshold, no zeros."""
    cfg = net(conv(8, activation="leaky"))
    first, last = random_weights(cfg).convolutions
    batch = pictures(48, 36, 2)
    network = CPU.open(detector_model(tmp_path, cfg), threads=0)
    (heads,) = network.forward(batch)
    for picture, raw in zip(batch, heads, strict=True):
        features = numpy_convolution(picture, *first.folded())
        features = np.maximum(features, 0.1 * features)
        expected = np.einsum("oc,chw->ohw", last.weights[:, :, 0, 0], features)
        expected += last.biases[:, None, None]
        np.testing.assert_allclose(raw, expected, atol=1e-4)
    network.close()


def test_conformance(tmp_path: Path) -> None:
    check_detector_runtime(CPU, detector_model(tmp_path, net(SMALL)))


@pytest.mark.skipif(
    not hasattr(cv2.dnn, "readNetFromDarknet"), reason="OpenCV 5 has no Darknet importer"
)
def test_the_yolo_layers_do_not_run() -> None:
    text = headless(net(SMALL)).to_text()
    opencv = cv2.dnn.readNetFromDarknet(np.frombuffer(text.encode(), np.uint8))
    assert not any("yolo" in name or "permute" in name for name in opencv.getLayerNames())


def test_sizes_batches_and_results_that_stay(tmp_path: Path) -> None:
    cfg = net(SMALL)
    network = CPU.open(detector_model(tmp_path, cfg), threads=0)
    batch = pictures(48, 36, 3)
    together = network.forward(batch)
    kept = [out.copy() for out in together]
    for width, height in ((36, 60), (64, 32), (48, 36)):
        alone = [network.forward(one[None]) for one in pictures(width, height, 3)]
        shapes = cfg.shapes(width, height)
        assert [out.shape for out in alone[0]] == [(1, *shapes[h.index]) for h in cfg.heads]
    for index, outputs in enumerate(alone):
        for out, all_out in zip(outputs, together, strict=True):
            np.testing.assert_allclose(out[0], all_out[index], atol=1e-5)
    for out, copy in zip(together, kept, strict=True):
        np.testing.assert_array_equal(out, copy)
    empty = network.forward(np.empty((0, 3, 36, 48), np.float32))
    assert [out.shape for out in empty] == [(0, *out.shape[1:]) for out in together]


def test_threads_are_opencvs(tmp_path: Path) -> None:
    before = cv2.getNumThreads()
    try:
        CPU.open(detector_model(tmp_path, net(SMALL)), threads=1)
        assert cv2.getNumThreads() == 1
        CPU.open(detector_model(tmp_path, net(SMALL)), threads=0)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)


def test_sizes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    files = detector_model(tmp_path, net(SMALL))
    network = CPU.open(files, threads=0)
    with pytest.raises(ModelError, match="nearest that fit: 48x36"):
        network.forward(pictures(48, 38, 1))
    with pytest.raises(ModelError, match="input size 50x36 does not fit"):
        CPU.open(detector_model(tmp_path, net(SMALL), width=50), threads=0)


def test_stock_yolov3_at_320x240_is_refused_before_its_weights_are_read(tmp_path: Path) -> None:
    (tmp_path / "yolov3.cfg").write_text(yolov3())
    spec = DetectorSpec(320, 240, "letterbox", "rgb", 0.5, 0.45)
    files = DetectorModel(tmp_path / "yolov3.cfg", tmp_path / "yolov3.weights", spec)
    with pytest.raises(ModelError, match="320x224 and 320x256"):
        CPU.open(files, threads=0)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    files = detector_model(tmp_path, net(SMALL))
    data = files.weights.read_bytes()
    files.weights.write_bytes(data[:-4])
    with pytest.raises(ModelError, match="truncated"):
        CPU.open(files, threads=0)
    files.weights.write_bytes(data)
    files.cfg.write_text(files.cfg.read_text().replace("[shortcut]", "[gru]"))
    with pytest.raises(ModelError, match="not supported"):
        CPU.open(files, threads=0)
    files.cfg.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        CPU.open(files, threads=0)


def test_logits_are_the_networks(tmp_path: Path) -> None:
    model = ctc_model(tmp_path)
    recognizer = READER.open(model, threads=0)
    weights = np.random.default_rng(0).normal(0, 1, (4, 1, 3, 3)).astype(np.float32)
    crops = np.random.default_rng(1).random((5, 1, 16, 32), np.float32)
    logits = recognizer.logits(crops)
    assert logits.shape == (5, 16, 4)
    for crop, steps in zip(crops, logits, strict=True):
        features = numpy_convolution(crop, weights, np.zeros(4, np.float32))
        np.testing.assert_allclose(steps, features[:, ::2, ::2].mean(axis=1).T, atol=1e-4)
    assert recognizer.logits(crops[:0]).shape == (0, 16, 4)


@pytest.mark.parametrize("runtime", [*detector_runtimes(), *recognizer_runtimes()])
def test_a_runtime_that_has_no_problem_has_its_device(
    runtime: DetectorRuntime | RecognizerRuntime,
) -> None:
    targets = cv2.dnn.getAvailableTargets(cv2.dnn.DNN_BACKEND_CUDA)
    problem = runtime.problem()
    if runtime.device == "cuda" and cv2.dnn.DNN_TARGET_CUDA not in targets:
        assert problem is not None
        assert cv2.__version__ in problem
        assert "docs/cuda" in problem or "nvidia-smi" in problem
    else:
        assert problem is None


@pytest.mark.skipif(
    not hasattr(cv2.dnn, "readNetFromDarknet"), reason="this OpenCV has no Darknet importer"
)
def test_opencv_without_its_darknet_importer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV 5 has none: the network is converted, and says the same."""
    monkeypatch.setenv("LPR_CACHE", str(tmp_path / "cache"))
    files = detector_model(tmp_path, net(SMALL))
    batch = pictures(48, 36, 2)
    imported = CPU.open(files, threads=0).forward(batch)
    monkeypatch.delattr(cv2.dnn, "readNetFromDarknet")
    converted = CPU.open(files, threads=0).forward(batch)
    for ours, theirs in zip(converted, imported, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.skipif(
    cv2.__version__.startswith("5"), reason="OpenCV 5 runs networks on the CPU only"
)
def test_a_cuda_build_of_opencv_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    from lpr.runtimes import opencv

    monkeypatch.setattr(cv2.dnn, "getAvailableTargets", lambda backend: [])
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  NVIDIA CUDA:   YES (ver 13.0)\n")
    monkeypatch.setattr(cv2.cuda, "getCudaEnabledDeviceCount", lambda: 0)
    opencv._cuda_problem.cache_clear()
    try:
        problem = CUDA.problem()
    finally:
        opencv._cuda_problem.cache_clear()
    assert problem is not None
    assert "no CUDA device" in problem
