"""ONNX files as detectors: those that are none are refused by what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from lpr.darknet.cfg import Cfg
from lpr.darknet.onnx import to_onnx
from lpr.darknet.onnx_cache import network_of
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.errors import ModelError, PluginError
from lpr.loading import registry
from lpr.runtimes.select import problem_of
from lpr.specs import DetectorModel, DetectorSpec
from lpr.testing import check_detector_runtime
from tests.darknet.nets import BODIES, conv, head, net, pictures, random_weights
from tests.darknet.reference import forward

CFG = net(BODIES["two heads"])
RUNTIMES = [r for r in registry().detector_runtimes if problem_of(r) is None and r.name != "torch"]


def model(folder: Path, network: onnx.ModelProto, cfg: Cfg = CFG) -> DetectorModel:
    spec = DetectorSpec(48, 36, "letterbox", "rgb", 0.5, 0.45)
    files = DetectorModel(folder / "net.cfg", folder / "net.onnx", spec)
    files.cfg.write_text(cfg.to_text())
    files.weights.write_bytes(network.SerializeToString())
    return files


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.name)
@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
def test_every_runtime_runs_them(runtime: object, half: bool, tmp_path: Path) -> None:
    weights = random_weights(CFG)
    files = model(tmp_path, to_onnx(CFG, weights, half))
    check_detector_runtime(runtime, files)  # type: ignore[arg-type]
    network = runtime.open(files, threads=1)  # type: ignore[attr-defined]
    batch = pictures(48, 36, 2)
    for ours, right in zip(network.forward(batch), forward(CFG, weights, batch), strict=True):
        tolerance = (1e-2 if half else 1e-4) * np.abs(right).max()
        np.testing.assert_allclose(ours, right, atol=tolerance)
    network.close()


def test_half_precision_is_half_as_large_and_keeps_its_interface() -> None:
    whole, half = (to_onnx(CFG, random_weights(CFG), half) for half in (False, True))
    numbers = [
        sum(
            np.prod(constant.dims)
            for constant in network.graph.initializer
            if constant.data_type == kind
        )
        for network, kind in ((whole, onnx.TensorProto.FLOAT), (half, onnx.TensorProto.FLOAT16))
    ]
    assert numbers[0] == numbers[1] > 0
    assert half.graph.input == whole.graph.input
    assert half.graph.output == whole.graph.output
    onnx.checker.check_model(half, full_check=True)


def test_weights_beyond_half_precision_are_refused() -> None:
    weights = random_weights(CFG)
    weights.convolutions[-1].weights[0, 0] = 1e5
    to_onnx(CFG, weights)
    with pytest.raises(
        ModelError, match=r"\[convolutional\].* reach 1e\+05, beyond the range of half"
    ):
        to_onnx(CFG, weights, half=True)


def test_files_that_are_no_detector(tmp_path: Path) -> None:
    files = model(tmp_path, to_onnx(CFG, random_weights(CFG)))
    data = files.weights.read_bytes()
    other = net(conv(8))
    files.cfg.write_text(other.to_text())
    with pytest.raises(ModelError, match=r"net\.onnx: is not the detector .* heads have \[18\]"):
        network_of(files)
    files.cfg.write_text(CFG.to_text())
    for damaged in (b"no network", data[: len(data) // 2], b""):
        files.weights.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"net\.onnx: is "):
            network_of(files)
    files.weights.unlink()
    with pytest.raises(ModelError, match=r"net\.onnx: cannot be read"):
        network_of(files)


def test_an_input_of_a_fixed_size_has_to_be_the_specs(tmp_path: Path) -> None:
    network = to_onnx(CFG, random_weights(CFG))
    for axis, length in ((2, 36), (3, 48)):
        network.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = length
    files = model(tmp_path, network)
    assert network_of(files).heads == ["head_0", "head_1"]
    for changed in (replace(files.spec, resize="fit"), replace(files.spec, width=96)):
        with pytest.raises(ModelError, match=r"net\.onnx: takes inputs of 48x36 only"):
            network_of(replace(files, spec=changed))


def test_heads_in_another_order_are_noticed(tmp_path: Path) -> None:
    """Their channels may be the same; their cells are not."""
    cfg = net(conv(8) + head() + "[route]\nlayers=0\n" + conv(8, 3, 2))
    network = to_onnx(cfg, random_weights(cfg))
    outputs = list(network.graph.output)[::-1]
    del network.graph.output[:]
    network.graph.output.extend(outputs)
    files = model(tmp_path, network, cfg)
    heads = [Head.of(section) for section in cfg.heads]
    with (
        Detector(RUNTIMES[0].open(files, 0), heads, files.spec, stride=cfg.stride) as detector,
        pytest.raises(PluginError, match=r"of \[1, 2\] pixels of the 48x36 input"),
    ):
        detector.find([np.zeros((36, 48, 3), np.uint8)])


def test_a_recognizer_is_no_detector(tmp_path: Path) -> None:
    from lpr.models import load_model

    files = model(tmp_path, to_onnx(CFG, random_weights(CFG)))
    files.weights.write_bytes(load_model().recognizer.file.read_bytes())
    with pytest.raises(ModelError, match="takes inputs of 128x64 only"):
        network_of(files)
