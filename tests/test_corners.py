from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.recognition.corners import fill, seen_in
from lpr.types import Box, Crop, Quad

IMAGE = np.zeros((100, 200, 3), np.uint8)
FRAME = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)


def test_corners_of_a_crop_are_those_of_what_it_shows() -> None:
    crop = Crop(IMAGE, Box(40, 20, 140, 60).quad)
    # The crop shows a margin of a quarter on each side: its own corners lie outside the box.
    inner = (FRAME - 0.5) / 1.5 + 0.5
    quad = seen_in(crop, inner.astype(np.float32), margin=0.25)
    assert np.allclose(np.array(quad), np.array(crop.quad), atol=1e-3)


@given(
    st.lists(st.floats(-0.1, 0.1), min_size=8, max_size=8),
    st.floats(0, 0.2),
)
def test_they_are_mapped_as_the_crop_was_cut(moves: list[float], margin: float) -> None:
    quad: Quad = ((30, 20), (120, 30), (125, 70), (28, 62))
    corners = FRAME + np.array(moves, np.float32).reshape(4, 2)
    seen = seen_in(Crop(IMAGE, quad), ((corners + margin) / (1 + 2 * margin)), margin)
    assert seen is not None
    again = np.array(seen)
    assert np.abs(again - np.array(quad)).max() < 0.25 * 100


@pytest.mark.parametrize(
    "corners",
    [
        FRAME[::-1],
        FRAME * 0.2,
        FRAME * 4,
        np.array([(0, 0), (1, 0), (0.3, 0.3), (0, 1)], np.float32),
    ],
)
def test_what_is_no_plate_has_no_corners(corners: np.ndarray) -> None:
    assert seen_in(Crop(IMAGE, Box(10, 10, 90, 50).quad), corners.astype(np.float32), 0.0) is None


def test_tilted_plates_fill_their_box_less() -> None:
    assert fill(Box(0, 0, 40, 20).quad) == pytest.approx(1)
    tilted: Quad = ((10, 0), (50, 20), (40, 40), (0, 20))
    assert fill(tilted) == pytest.approx(0.5)
