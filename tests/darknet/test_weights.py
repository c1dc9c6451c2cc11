from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.darknet.cfg import Cfg
from lpr.darknet.weights import VERSION, parse_weights, read_weights
from lpr.errors import ModelError
from tests.darknet.nets import conv, net, random_weights


@pytest.fixture
def cfg() -> Cfg:
    return net(conv(4) + conv(6, 1, norm=0) + conv(8, groups=2))


def test_written_and_read_again(cfg: Cfg, tmp_path: Path) -> None:
    weights = random_weights(cfg)
    path = tmp_path / "net.weights"
    weights.save(path)
    again = read_weights(path, cfg)
    assert again.seen == weights.seen == 12345
    assert again.to_bytes() == weights.to_bytes() == path.read_bytes()
    assert [c.weights.shape for c in again.convolutions] == [
        (4, 3, 3, 3),
        (6, 4, 1, 1),
        (8, 3, 3, 3),
        (18, 8, 1, 1),
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_the_layout_is_darknets(cfg: Cfg) -> None:
    """The first layer's numbers lie where Darknet's ``load_convolutional_weights`` looks."""
    weights = random_weights(cfg)
    first = weights.convolutions[0]
    assert first.batch_norm is not None
    data = weights.to_bytes()
    assert struct.unpack_from("<iiiq", data) == (0, 2, 5, 12345)
    values = np.frombuffer(data, "<f4", offset=20)
    np.testing.assert_array_equal(values[0:4], first.biases)
    np.testing.assert_array_equal(values[4:8], first.batch_norm.scales)
    np.testing.assert_array_equal(values[8:12], first.batch_norm.means)
    np.testing.assert_array_equal(values[12:16], first.batch_norm.variances)
    np.testing.assert_array_equal(values[16:124], first.weights.ravel())


def test_old_versions_count_the_pictures_in_32_bits(cfg: Cfg) -> None:
    data = random_weights(cfg).to_bytes()
    old = struct.pack("<iiii", 0, 1, 0, 77) + data[20:]
    weights = parse_weights(old, cfg)
    assert weights.seen == 77
    assert weights.to_bytes() == struct.pack("<iiiq", *VERSION, 77) + data[20:]


@given(st.integers(1, 3000), st.booleans())
def test_a_wrong_length_is_refused(difference: int, longer: bool) -> None:
    cfg = net(conv(4))
    data = random_weights(cfg).to_bytes()
    wrong = data + b"\0" * difference if longer else data[:-difference]
    with pytest.raises(ModelError) as error:
        parse_weights(wrong, cfg, "a.weights")
    assert "a.weights" in str(error.value)
    assert str(len(wrong)) in str(error.value)
    if len(wrong) >= 20:
        assert f"needs {len(data)} bytes" in str(error.value)


def test_weights_of_another_cfg_are_refused(cfg: Cfg) -> None:
    with pytest.raises(ModelError, match="another cfg"):
        parse_weights(random_weights(net(conv(5))).to_bytes(), cfg)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(cfg: Cfg, value: float) -> None:
    weights = random_weights(cfg)
    weights.convolutions[2].weights[1, 0, 2, 1] = value
    with pytest.raises(ModelError, match=r"section 2 \[convolutional\] hold values that are no"):
        parse_weights(weights.to_bytes(), cfg)


def test_negative_variances_are_refused(cfg: Cfg) -> None:
    weights = random_weights(cfg)
    norm = weights.convolutions[0].batch_norm
    assert norm is not None
    norm.variances[0] = -0.1
    with pytest.raises(ModelError, match="variances below zero"):
        parse_weights(weights.to_bytes(), cfg)


@pytest.mark.parametrize("data", [b"", b"\0" * 15, struct.pack("<iiiq", 2000, 2, 5, 0)])
def test_other_files_are_refused(cfg: Cfg, data: bytes) -> None:
    with pytest.raises(ModelError, match="get the file again"):
        parse_weights(data, cfg)


def test_a_missing_file_and_a_folder(cfg: Cfg, tmp_path: Path) -> None:
    for path in (tmp_path / "none.weights", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            read_weights(path, cfg)


def test_saving_replaces_the_file_at_once(cfg: Cfg, tmp_path: Path) -> None:
    path = tmp_path / "net.weights"
    random_weights(cfg, seed=1).save(path)
    latest = random_weights(cfg, seed=2)
    latest.save(path)
    assert path.read_bytes() == latest.to_bytes()


def test_folding_batch_normalization() -> None:
    cfg = net(conv(4))
    convolution = random_weights(cfg).convolutions[0]
    norm = convolution.batch_norm
    assert norm is not None
    weights, biases = convolution.folded()
    x = np.random.default_rng(0).standard_normal(convolution.weights[0].size)
    plain = convolution.weights.reshape(4, -1) @ x
    expected = (plain - norm.means) / np.sqrt(norm.variances + 1e-6) * norm.scales
    np.testing.assert_allclose(
        weights.reshape(4, -1) @ x + biases, expected + convolution.biases, rtol=1e-5
    )
