from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lpr
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.detection.tiling import MAX_TILES, MIN_INPUT_WIDTH, TiledDetector, Tiles, merged
from lpr.types import Box, Detection, Image
from tests.samples import DETECTOR_SPEC, FixedNetwork, grey, head_with

SAMPLES = Path(__file__).parents[1] / "samples"


def detector(tiles: Tiles = Tiles()) -> TiledDetector:  # noqa: B008
    head = Head(((24.0, 12.0),), 1)
    return TiledDetector(Detector(FixedNetwork(head_with()), [head], DETECTOR_SPEC), tiles)


def found(box: Box, confidence: float) -> Detection:
    return Detection(box, box.quad, confidence)


sides = st.integers(64, 6000)


@given(width=sides, height=sides, columns=st.integers(1, 6), rows=st.integers(1, 6))
def test_tiles_cover_the_picture_and_share_what_they_should(
    width: int, height: int, columns: int, rows: int
) -> None:
    looking = detector(Tiles(columns, rows))
    frames = looking.frames(width, height)
    assert len(frames) == columns * rows
    overlap = MIN_INPUT_WIDTH / looking.input_scale(width, height)[0]
    xs = sorted({(f.x0, f.x1) for f in frames})
    ys = sorted({(f.y0, f.y1) for f in frames})
    for pieces, whole in ((xs, width), (ys, height)):
        assert pieces[0][0] == 0
        assert pieces[-1][1] == pytest.approx(whole, abs=1)
        for before, after in pairwise(pieces):
            assert before[1] - after[0] >= min(overlap, whole / 2) - 2


@given(width=sides, height=sides)
def test_auto_takes_few_tiles_and_one_for_small_pictures(width: int, height: int) -> None:
    frames = detector().frames(width, height)
    assert 1 <= len(frames) <= MAX_TILES
    if max(width, height) <= 64:
        assert len(frames) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(4, 80), st.integers(4, 40)),
        min_size=1,
        max_size=8,
    )
)
def test_merging_keeps_a_plate_that_is_alone_and_none_twice(
    places: list[tuple[int, int, int, int]],
) -> None:
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h in places]
    detections = [found(box, 0.5 + 0.01 * n) for n, box in enumerate(boxes)]
    kept = merged(detections * 2, 0.45)
    assert len({d.box for d in kept}) == len(kept)
    for detection in detections:
        others = [d for d in detections if d is not detection]
        if all(detection.box.iou(other.box) == 0 for other in others):
            assert detection in kept
    assert merged([], 0.45) == []


def test_a_part_of_a_plate_gives_way_to_the_whole() -> None:
    whole, part = found(Box(0, 0, 100, 40), 0.7), found(Box(60, 0, 100, 40), 0.8)
    assert merged([part, whole], 0.45) == [whole]
    beside = found(Box(120, 0, 200, 40), 0.6)
    assert merged([whole, beside], 0.45) == [whole, beside]


def test_small_plates_in_a_large_picture_are_found_in_tiles_only() -> None:
    sample = cv2.imread(str(SAMPLES / "car.jpg"))
    picture = np.full((2160, 3840, 3), 110, np.uint8)
    with lpr.load(tiles="auto") as reader, lpr.load() as plain:
        (near,) = plain.find(sample)
        scale = 40 / near.box.width
        small = cv2.resize(sample, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        picture[900 : 900 + small.shape[0], 1800 : 1800 + small.shape[1]] = small
        place = Box(*(v * scale + o for v, o in zip(near.box, (1800, 900) * 2, strict=True)))
        assert any(d.box.iou(place) > 0.5 for d in reader.find(picture))
        assert not any(d.box.iou(place) > 0.5 for d in plain.find(picture))
        assert reader.find(small) == plain.find(small)


class LeftHalf:
    """Finds one plate in the left half of whatever picture it is given."""

    name, threshold = "left half", 0.5

    def find(
        self, images: Sequence[Image], threshold: float | lpr.Sweep | None = None
    ) -> list[list[Detection]]:
        return [[found(Box(10, 10, 30, 20), threshold or 0.5)] for _ in images]

    def input_scale(self, width: int, height: int) -> tuple[float, float]:
        return 1.0, 1.0

    def close(self) -> None: ...


def test_any_detector_can_be_tiled() -> None:
    with TiledDetector(LeftHalf(), Tiles(2, 1)) as tiled:
        (plates,) = tiled.find([grey(100, 400)], 0.75)
    assert [plate.confidence for plate in plates] == [0.75, 0.75]
    assert sorted(plate.box for plate in plates) == [Box(10, 10, 30, 20), Box(195, 10, 215, 20)]


@pytest.mark.parametrize("text", ["", "3", "0x2", "axb", "9x9", "-1x2", "3x2x1"])
def test_what_are_no_tiles_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tiles"):
        lpr.load(tiles=text)
    with pytest.raises(ValueError, match=r"columns x rows \(3x2\), not"):
        lpr.load(tiles=(3, 2))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="exclude each other"):
        lpr.load(tiles="2x2", threshold=lpr.Sweep(0.4, 0.1, 0.1))
