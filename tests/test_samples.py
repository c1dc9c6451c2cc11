"""Golden readings: what the shipped samples show is what the shipped model reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lpr
from lpr.evaluate.tracking import read_truth
from lpr.source import open_source

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
STILLS: dict[str, Any] = json.loads((SAMPLES / "stills.json").read_text())["stills"]
TRUTH = read_truth(SAMPLES / "street.json")


@pytest.fixture(scope="module", params=["opencv", "onnxruntime"])
def reader(request: pytest.FixtureRequest) -> Iterator[lpr.Reader]:
    with lpr.load(backend=request.param) as reader:
        yield reader


@pytest.mark.parametrize("name", sorted(STILLS))
def test_stills_are_read_exactly(reader: lpr.Reader, name: str) -> None:
    with open_source(SAMPLES / name) as source:
        (frame,) = source
    plates = reader.read(frame.image)
    expected = STILLS[name]
    assert [plate.text for plate in plates] == [truth["text"] for truth in expected]
    for plate, truth in zip(plates, expected, strict=True):
        assert plate.box.iou(lpr.Box(*truth["box"])) > 0.6
        assert plate.region == "tw"


def test_every_vehicle_of_the_clip_is_read(reader: lpr.Reader) -> None:
    seen: dict[str, list[bool]] = {}
    with open_source(SAMPLES / "street.mp4") as source:
        for frame in source:
            plates = reader.read(frame.image)
            for each in TRUTH.passes:
                box, visible = each.boxes.get(frame.index, (lpr.Box(0, 0, 0, 0), 0.0))
                if visible < 0.95 or box.width < 32:
                    continue
                right = any(p.text == each.text and p.box.iou(box) > 0.4 for p in plates)
                seen.setdefault(each.text, []).append(right)
    assert len(seen) == 3
    for text, reads in seen.items():
        assert sum(reads) > 0.7 * len(reads), f"{text}: read in {sum(reads)} of {len(reads)} frames"
