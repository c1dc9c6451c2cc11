"""Golden readings: what the shipped samples show is what the shipped model reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lpr
from lpr.evaluate import match
from lpr.source import open_source

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
TRUTH: dict[str, Any] = json.loads((SAMPLES / "street.json").read_text())


@pytest.fixture(scope="module", params=["opencv", "onnxruntime"])
def reader(request: pytest.FixtureRequest) -> Iterator[lpr.Reader]:
    with lpr.load(backend=request.param) as reader:
        yield reader


@pytest.mark.parametrize("name", sorted(TRUTH["stills"]))
def test_stills_are_read_exactly(reader: lpr.Reader, name: str) -> None:
    with open_source(SAMPLES / name) as source:
        (frame,) = source
    plates = reader.read(frame.image)
    expected = TRUTH["stills"][name]
    assert [plate.text for plate in plates] == [truth["text"] for truth in expected]
    for plate, truth in zip(plates, expected, strict=True):
        assert plate.box.iou(lpr.Box(*truth["box"])) > 0.6
        assert plate.region == "tw"


def test_every_vehicle_of_the_clip_is_read(reader: lpr.Reader) -> None:
    seen: dict[str, list[bool]] = {}
    with open_source(SAMPLES / TRUTH["video"]["file"]) as source:
        for frame, truth in zip(source, TRUTH["video"]["frames"], strict=True):
            plates = reader.read(frame.image)
            boxes = [lpr.Box(*plate["box"]) for plate in truth]
            for expected, index in zip(truth, match(boxes, [p.box for p in plates]), strict=True):
                right = index is not None and plates[index].text == expected["text"]
                seen.setdefault(expected["text"], []).append(right)
    assert len(seen) == 3
    for text, reads in seen.items():
        assert sum(reads) > 0.7 * len(reads), f"{text}: read in {sum(reads)} of {len(reads)} frames"
