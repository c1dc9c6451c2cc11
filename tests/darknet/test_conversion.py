"""The cache of converted networks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lpr.darknet import onnx as converter
from lpr.darknet.cfg import Cfg
from lpr.darknet.onnx import to_onnx
from lpr.darknet.onnx_cache import converted
from lpr.darknet.weights import Weights
from lpr.utils.files import cache_folder
from tests.darknet.nets import conv, net, random_weights

CFG = net(conv(8, 3, 2))
WEIGHTS = random_weights(CFG)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LPR_CACHE", str(folder))
    return folder


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Cfg]:
    """The networks that were converted, not taken from the cache."""
    done: list[Cfg] = []

    def counted(cfg: Cfg, weights: Weights) -> object:
        done.append(cfg)
        return to_onnx(cfg, weights)

    monkeypatch.setattr(converter, "to_onnx", counted)
    return done


def test_a_network_is_converted_once(conversions: list[Cfg], cache: Path) -> None:
    first = converted(CFG, WEIGHTS)
    assert first == converted(CFG, WEIGHTS) == to_onnx(CFG, WEIGHTS).SerializeToString()
    assert conversions == [CFG]
    (file,) = cache.iterdir()
    assert file.read_bytes() == first


def test_other_weights_are_another_network(conversions: list[Cfg]) -> None:
    other = random_weights(CFG, seed=1)
    assert converted(CFG, WEIGHTS) != converted(CFG, other)
    assert len(conversions) == 2


@pytest.mark.parametrize("damage", [b"", b"no network"], ids=["emptied", "overwritten"])
def test_a_damaged_file_is_made_again(
    damage: bytes, conversions: list[Cfg], cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    right = converted(CFG, WEIGHTS)
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    with caplog.at_level(logging.WARNING, "lpr"):
        assert converted(CFG, WEIGHTS) == right
    assert f"{file} is damaged" in caplog.text
    assert file.read_bytes() == right
    assert converted(CFG, WEIGHTS) == right
    assert len(conversions) == 2


def test_a_cache_that_cannot_be_written(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING, "lpr"):
        assert converted(CFG, WEIGHTS) == to_onnx(CFG, WEIGHTS).SerializeToString()
    assert "cannot be cached" in caplog.text


def test_two_processes_at_once(cache: Path) -> None:
    script = (
        "import hashlib; from tests.darknet.test_conversion import CFG, WEIGHTS, converted; "
        "print(hashlib.sha256(converted(CFG, WEIGHTS)).hexdigest())"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    hashes = {process.communicate()[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (file,) = cache.iterdir()
    (said,) = hashes
    assert said in file.name


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("LPR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "caches")
    assert cache_folder() == Path("/caches/lpr")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "lpr"
