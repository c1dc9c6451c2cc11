"""``lpr bench``: what it prints, and what it compares."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lpr.darknet.onnx import to_onnx
from lpr.diagnostics.matmul_peak import matmul_peak
from lpr.diagnostics.parity_report import agreements
from lpr.errors import BackendError
from lpr.loading import registry
from lpr.protocols import DetectorRuntime
from lpr.specs import DetectorModel, DetectorSpec
from tests.cli.run import CAR, CLIP, lpr
from tests.darknet.nets import BODIES, net, random_weights

CFG = net(BODIES["two heads"])
PLUGINS = {"LPR_LOAD_PLUGINS": "onnx,torch"}


@pytest.fixture
def cfg(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.cfg"
    file.write_text(CFG.to_text())
    random_weights(CFG).save(file.with_suffix(".weights"))
    return file


def test_speed_of_every_runtime(cfg: Path) -> None:
    result = lpr("bench", "tw-light", cfg, "--threads", 1, "--batch", "1,2", "--json", **PLUGINS)
    assert result.status == 0, result.stderr
    rows = result.records
    detectors = [row for row in rows if row["stage"] == "detector"]
    assert {(r["network"], r["runtime"], r["batch"]) for r in detectors} == {
        (network, runtime, batch)
        for network in ("tw-light", "tiny.cfg")
        for runtime in ("opencv", "onnxruntime", "torch")
        for batch in (1, 2)
    }
    assert all(row["ms"] > 0 and row["gflops"] > 0 and row["of_peak"] > 0 for row in detectors)
    recognizers = [row for row in rows if row["stage"] == "recognizer"]
    assert {row["network"] for row in recognizers} == {"tw-light"}
    assert {row["runtime"] for row in recognizers} == {"opencv", "onnxruntime"}
    assert "a matrix product reaches" in result.stderr


def test_parity_of_every_runtime(cfg: Path) -> None:
    result = lpr("bench", "--parity", cfg, "tw-light", "--pictures", CAR, **PLUGINS)
    assert result.status == 0, result.stderr
    header, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in result.stdout.splitlines()
    )
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert {(row["network"], row["runtime"]) for row in table} == {
        (network, runtime)
        for network in ("tiny.cfg", "tw-light")
        for runtime in ("opencv", "onnxruntime")
    }
    assert all(float(row["off"]) <= 1e-3 for row in table)
    (car, _) = (row for row in table if row["network"] == "tw-light")
    assert int(car["boxes"]) >= 1
    assert (car["alone"], float(car["least_iou"])) == ("0", pytest.approx(1, abs=0.01))


class Wrong:
    """Is off by a hundredth of the largest value, everywhere."""

    name, device, priority = "wrong", "cpu", 0

    def __init__(self, right: DetectorRuntime) -> None:
        self.right = right

    def problem(self) -> str | None:
        return None

    def open(self, model: DetectorModel, threads: int) -> Wrong:
        self.network = self.right.open(model, threads)
        return self

    def forward(self, batch: np.ndarray) -> list[np.ndarray]:
        return [head + 0.01 * np.abs(head).max() for head in self.network.forward(batch)]

    def close(self) -> None:
        self.network.close()


def test_what_is_off_is_said(cfg: Path) -> None:
    right = next(r for r in registry().detector_runtimes if r.name == "opencv")
    model = DetectorModel(
        cfg, cfg.with_suffix(".weights"), DetectorSpec(48, 36, "letterbox", "rgb", 0.5, 0.5)
    )
    (row,) = agreements([right, Wrong(right)], model)  # type: ignore[list-item]
    assert (row.runtime, row.reference) == ("wrong", "opencv")
    assert row.off == pytest.approx(0.01, rel=0.05)


def test_an_onnx_model_is_compared_with_its_source(cfg: Path) -> None:
    file = cfg.with_suffix(".onnx")
    file.write_bytes(to_onnx(CFG, random_weights(CFG), half=True).SerializeToString())
    spec = DetectorSpec(48, 36, "letterbox", "rgb", 0.5, 0.5)
    source = DetectorModel(cfg, cfg.with_suffix(".weights"), spec)
    model = DetectorModel(cfg, file, spec, precision="float16")
    rows = list(agreements(registry().detector_runtimes, model, source))
    assert {"opencv", "onnxruntime"} <= {row.runtime for row in rows}
    assert all(row.off is not None and row.off < 2e-2 for row in rows)
    assert {row.precision for row in rows} == {"float16"}
    with pytest.raises(BackendError, match="name the Darknet model that it was made of"):
        list(agreements(registry().detector_runtimes, model))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "no model 'nowhere'"),
        (("lonely.cfg",), "lonely.weights is missing"),
        (("--pictures", "x"), "require --parity"),
        (("--threads", "0"), "not a list of numbers"),
        (("--threads", "one"), "not a list of numbers"),
        (("--device", "cuda"), "no runtime works on cuda here"),
        (("--parity", "--pictures", "empty"), "the folder holds no picture or video"),
    ],
)
def test_what_cannot_be(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "lonely.cfg").write_text(CFG.to_text())
    result = lpr("bench", *arguments, cwd=tmp_path)
    assert result.status in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_the_peak_is_a_number_of_this_machine() -> None:
    assert 1 < matmul_peak(1) < 10_000


def test_rows_are_json() -> None:
    result = lpr("bench", "--parity", "--json", **PLUGINS)
    assert [json.loads(line)["network"] for line in result.stdout.splitlines()] == ["tw-light"] * 2


def test_video_beside_simpler_ways() -> None:
    result = lpr("bench", "video", CLIP, "--seconds", 1, "--threads", 2, "--json")
    assert result.status == 0, result.stderr
    rows = result.records
    assert [row["way"] for row in rows[:3]] == [
        "decoding alone",
        "watch, 2 finders",
        "the same, --every auto --skip-still",
    ]
    assert rows[3]["way"].startswith("plain loop")
    assert all(row["fps"] > 0 and row["dropped"] == 0 and 0 < row["busy"] <= 2 for row in rows)
    assert rows[0]["of_decoding"] == 1
    for row in rows[1:]:
        assert row["looked"] > 0
        assert {"source", "letterbox", "detector", "track"} <= set(row["stages"])
    assert 0 < rows[1]["filled"] <= 1


def test_video_as_tables() -> None:
    result = lpr("bench", "video", CLIP, "--seconds", 1, "--threads", 1, "--watch-only")
    assert result.status == 0, result.stderr
    speeds, stages = result.stdout.split("\n\n")
    assert "watch, 1 finders" in speeds
    assert "plain loop" not in speeds
    assert "detector" in stages


def test_video_cannot_be_measured_on_what_cannot_be_played_again() -> None:
    result = lpr("bench", "video", "rtsp://127.0.0.1:9/none")
    assert result.status == 2
    assert "recording" in result.stderr
