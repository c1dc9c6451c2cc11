"""Pictures that a plate fills are read at every size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import lpr
from lpr.detection.close_ups import with_large_plates
from lpr.types import Box, Detection
from tests.samples import grey

render = pytest.importorskip("lpr_training.synth.plates.render", reason="needs ./training")

TEXTS = ("ABC1234", "RCE2019", "BKX5073", "7788HX")


@pytest.fixture(scope="module")
def reader() -> Iterator[lpr.Reader]:
    with lpr.load(backend="cpu") as reader:
        yield reader


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("width", [60, 100, 250, 400, 600, 1000, 2500, 4000])
def test_a_plate_is_read_whole_at_every_size(reader: lpr.Reader, width: int, margin: float) -> None:
    for text in TEXTS:
        plate = render.render_plate(np.random.default_rng(8), text, width=400, fresh=True).image
        side = round(margin * plate.shape[0])
        picture = cv2.copyMakeBorder(
            plate, side, side, side, side, cv2.BORDER_CONSTANT, value=(60, 70, 80)
        )
        height = round(picture.shape[0] * width / picture.shape[1])
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        assert [found.text for found in reader.read(picture)] == [text]


def test_a_picture_without_signs_of_a_large_plate_is_run_once(
    reader: lpr.Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    network = reader.detector.network  # type: ignore[attr-defined]
    forward = network.forward

    def counted(batch: lpr.types.Float32) -> list[lpr.types.Float32]:
        runs.append(len(batch))
        return list(forward(batch))

    monkeypatch.setattr(network, "forward", counted)
    samples = Path(__file__).parents[1] / "samples"
    for picture in (grey(640, 480), cv2.imread(str(samples / "car.jpg"))):
        runs.clear()
        reader.find(picture)
        assert runs == [1]


def found(x0: float, y0: float, x1: float, y1: float, confidence: float) -> Detection:
    box = Box(x0, y0, x1, y1)
    return Detection(box, box.quad, confidence)


def test_a_large_box_replaces_those_of_its_parts_and_no_others() -> None:
    whole = found(0, 0, 600, 250, 0.8)
    left, right = found(0, 10, 350, 240, 0.9), found(380, 10, 600, 240, 0.6)
    elsewhere = found(100, 400, 200, 440, 0.7)
    assert with_large_plates([left, elsewhere, right], [whole], 0.5, 200, 200, 0.45) == [
        whole,
        elsewhere,
    ]
    nearly = found(5, 5, 590, 245, 0.6)
    assert with_large_plates([nearly], [whole], 0.5, 200, 200, 0.45) == [nearly]
    assert with_large_plates([left], [whole], 0.85, 200, 200, 0.45) == [left]
    assert with_large_plates([left], [whole], 0.5, 700, 300, 0.45) == [left]
