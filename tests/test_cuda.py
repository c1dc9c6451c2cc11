"""What runs on a GPU: run by ``pytest -m cuda`` where there is one, skipped by reason elsewhere.

Half precision is less exact: its boxes are held to an IoU of 0.98, its readings to the same texts.
"""

from __future__ import annotations

import logging

import numpy as np
import pytest

import lpr
from lpr.darknet.cfg import read_cfg
from lpr.errors import BackendError
from lpr.loading import registry
from lpr.models import load_model
from lpr.protocols import DetectorRuntime
from lpr.runtimes.parity import HALF, SINGLE, compare, default_input, heads_of, source_runtime
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import pinned, precision_of
from lpr.source import open_source
from lpr.testing import check_detector_runtime, check_recognizer_runtime
from tests.cli.run import SAMPLES
from tests.cli.run import lpr as run

pytestmark = pytest.mark.cuda
RUNTIMES = [r for r in registry().detector_runtimes if r.device == "cuda"]
READERS = [r for r in registry().recognizer_runtimes if r.device == "cuda"]


@pytest.fixture(params=RUNTIMES, ids=lambda runtime: runtime.name)
def runtime(request: pytest.FixtureRequest) -> DetectorRuntime:
    """Each detector runtime that works on a GPU here."""
    found: DetectorRuntime = request.param
    if problem := problem_of(found):
        pytest.skip(problem)
    return found


def test_detectors_conform(runtime: DetectorRuntime) -> None:
    check_detector_runtime(runtime, load_model().detector)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_recognizers_conform(reader: object) -> None:
    model = load_model().recognizer
    if problem := problem_of(reader):  # type: ignore[type-var]
        pytest.skip(problem)
    if model.format not in reader.formats:  # type: ignore[attr-defined]
        pytest.skip("it runs other files than the shipped model's")
    check_recognizer_runtime(reader, model)  # type: ignore[arg-type]


def test_heads_are_those_of_the_cpu(runtime: DetectorRuntime) -> None:
    model = load_model().detector
    batch = default_input(model)
    source = source_runtime(registry().detector_runtimes, read_cfg(model.cfg))
    assert source is not None
    (found,) = compare([runtime], model, batch, heads_of(source, model, batch))
    assert found.off is not None, found.problem
    assert found.off <= (SINGLE if precision_of(runtime) == "float32" else HALF)


def test_plates_are_those_of_the_cpu(
    runtime: DetectorRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    images = []
    for file in sorted(SAMPLES.glob("*.jpg")):
        with open_source(file) as source:
            images.append(next(iter(source)).image)
    with caplog.at_level(logging.INFO, "lpr"), lpr.load(backend=runtime.name, device=0) as reader:
        ours = reader.read_batch(images)
    assert f"detector: {runtime.name} on cuda:0, {precision_of(runtime)}" in caplog.text
    assert "warm-up: " in caplog.text
    with lpr.load(backend="opencv") as reader:
        theirs = reader.read_batch(images)
    assert any(theirs)
    for mine, others in zip(ours, theirs, strict=True):
        assert [plate.text for plate in mine] == [plate.text for plate in others]
        for plate, other in zip(mine, others, strict=True):
            assert plate.box.iou(other.box) >= 0.98


def test_a_device_that_is_not_there(runtime: DetectorRuntime) -> None:
    with pytest.raises(BackendError, match="CUDA device 99"):
        pinned(runtime, 99).open(load_model().detector, 0).forward(
            np.zeros((1, 3, 96, 96), np.float32)
        )
    result = run("detect", SAMPLES / "car.jpg", "--backend", runtime.name, "--device", 99)
    assert result.status == 2
    assert "99" in result.stderr
