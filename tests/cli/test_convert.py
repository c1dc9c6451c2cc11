"""``lpr convert``: what it writes, and what it refuses without a trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from lpr.darknet.weights import Weights
from lpr.errors import ModelError
from lpr.loading import registry
from lpr.runtimes.convert import convert
from lpr.runtimes.parity import max_rel_diff
from tests.cli.run import lpr
from tests.darknet.nets import BODIES, conv, net, pictures, random_weights
from tests.darknet.reference import forward

CFG = net(BODIES["two heads"])
PLUGINS = {"LPR_LOAD_PLUGINS": "onnx,torch"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    cfg, weights = tmp_path / "net.cfg", tmp_path / "net.weights"
    cfg.write_text(CFG.to_text())
    random_weights(CFG).save(weights)
    return cfg, weights, tmp_path / "net.onnx"


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
def test_a_detector_becomes_an_onnx_file(files: tuple[Path, Path, Path], half: bool) -> None:
    cfg, weights, out = files
    result = lpr("convert", cfg, weights, "-o", out, *(["--half"] if half else []), **PLUGINS)
    assert result.status == 0, result.stderr
    offs = dict(line.split("\t") for line in result.stdout.splitlines())
    assert offs.keys() == {"opencv", "onnxruntime"}
    assert all(float(off) <= (2e-2 if half else 1e-3) for off in offs.values())
    assert f"{'half' if half else 'single'} precision" in result.stderr
    assert "heads: 21 channels / 1, 18 channels / 2; compared with torch" in result.stderr
    onnx.checker.check_model(str(out), full_check=True)
    session = onnxruntime.InferenceSession(str(out))
    batch = pictures(64, 96, 3)
    heads = session.run(None, {session.get_inputs()[0].name: batch})
    for ours, right in zip(heads, forward(CFG, random_weights(CFG), batch), strict=True):
        np.testing.assert_allclose(ours, right, atol=(2e-2 if half else 1e-4) * abs(right).max())


@pytest.mark.parametrize(
    ("cut", "message"), [(-4, "truncated"), (None, "more bytes")], ids=["short", "long"]
)
def test_weights_of_another_length(
    files: tuple[Path, Path, Path], cut: int | None, message: str
) -> None:
    cfg, weights, out = files
    data = weights.read_bytes()
    weights.write_bytes(data[:cut] if cut else data + b"1234")
    result = lpr("convert", cfg, weights, "-o", out)
    assert result.status == 1
    assert result.stderr.count("\n") == 1
    assert str(weights) in result.stderr
    assert not out.exists()


def test_a_route_to_a_layer_that_is_not_there(files: tuple[Path, Path, Path]) -> None:
    cfg, weights, out = files
    cfg.write_text(CFG.to_text().replace("[route]\nlayers=0", "[route]\nlayers=-30"))
    result = lpr("convert", cfg, weights, "-o", out)
    assert result.status == 1
    assert result.stderr.count("\n") == 1
    assert "net.cfg" in result.stderr
    assert "-30" in result.stderr


def test_outputs_that_cannot_be(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    cfg, weights, _ = files
    for out, message in (
        (tmp_path / "net.bin", "must end with .onnx"),
        (tmp_path / "missing" / "net.onnx", "cannot be written"),
        (Path("/proc/net.onnx"), "cannot be written"),
    ):
        result = lpr("convert", cfg, weights, "-o", out)
        assert result.status == 1
        assert f"{out}: {message}" in result.stderr or message in result.stderr


def test_a_network_that_computes_something_else_is_not_written(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lpr.darknet import onnx as converter

    cfg, weights, out = files
    out.write_text("an older one")
    right = converter.to_onnx
    other = random_weights(CFG, seed=9)

    def wrong(network: object, numbers: Weights, half: bool = False) -> object:
        return right(CFG, other, half)

    monkeypatch.setattr(converter, "to_onnx", wrong)
    with pytest.raises(
        ModelError, match="does not compute what cfg and weights do: opencv differs"
    ):
        convert(cfg, weights, out, registry().detector_runtimes)
    assert out.read_text() == "an older one"
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "net.cfg",
        "net.onnx",
        "net.weights",
    ]


def test_values_that_half_precision_cannot_hold(files: tuple[Path, Path, Path]) -> None:
    """Weights that fit, and outputs that do not."""
    cfg, weights, out = files
    numbers = random_weights(CFG)
    for convolution in numbers.convolutions:
        if convolution.batch_norm is None:
            convolution.weights[...] *= 3e4
            convolution.biases[...] = 6e4
    numbers.save(weights)
    result = lpr("convert", cfg, weights, "-o", out, "--half", **PLUGINS)
    assert result.status == 1
    assert "beyond the range of half precision (65504)" in result.stderr
    assert not out.exists()


def test_differences() -> None:
    one = np.ones((1, 6, 2, 2), np.float32)
    assert max_rel_diff([one, 2 * one], [one, 2 * one]) == 0
    assert max_rel_diff([one, 2.5 * one], [one, 2 * one]) == 0.25
    assert max_rel_diff([one], [one, one]) == np.inf
    assert max_rel_diff([np.nan * one], [one]) == np.inf
    assert max_rel_diff([one[:, :3]], [one]) == np.inf


def test_nothing_to_compare_with(files: tuple[Path, Path, Path]) -> None:
    cfg, weights, out = files
    # No plugin, and a layer that OpenCV's importer runs wrongly.
    other = net(conv(8, dilation=2))
    cfg.write_text(other.to_text())
    random_weights(other).save(weights)
    result = lpr("convert", cfg, weights, "-o", out, LPR_LOAD_PLUGINS="")
    assert result.status == 0, result.stderr
    assert "not compared with its source" in result.stderr
    assert out.is_file()
