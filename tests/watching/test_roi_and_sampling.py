"""Regions of interest, and which frames go through the detector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.types import Box
from lpr.watching import RegionOfInterest
from lpr.watching.frame_sampling import FrameSampler, MotionGate

TRIANGLE = "0.5,0 1,1 0,1"


def test_no_polygon_is_the_whole_picture() -> None:
    assert RegionOfInterest().window(640, 360) == (0, 0, 640, 360)
    assert RegionOfInterest().holds(Box(0, 0, 1, 1), 640, 360)


def test_plates_count_whose_middle_lies_in_a_polygon() -> None:
    roi = RegionOfInterest.parse([TRIANGLE])
    assert roi.holds(Box(300, 200, 340, 220), 640, 360)
    assert not roi.holds(Box(0, 0, 40, 20), 640, 360)
    both = RegionOfInterest.parse([TRIANGLE, "0,0 0.2,0 0.2,0.2 0,0.2"])
    assert both.holds(Box(0, 0, 40, 20), 640, 360)


def test_an_excluded_polygon_is_no_part_of_the_region() -> None:
    label = Box(0, 0, 40, 20)
    roi = RegionOfInterest.parse(["!0,0 0.2,0 0.2,0.2 0,0.2"])
    assert not roi.holds(label, 640, 360)
    assert roi.holds(Box(300, 200, 340, 220), 640, 360)
    assert roi.window(640, 360) == (0, 0, 640, 360)
    inside = RegionOfInterest.parse(["0,0 1,0 1,1 0,1", " !0,0 0.2,0 0.2,0.2 0,0.2"])
    assert not inside.holds(label, 640, 360)


def test_only_as_much_as_it_takes_is_looked_at() -> None:
    assert RegionOfInterest.parse(["0.25,0.5 0.75,0.5 0.5,1"]).window(640, 360) == (
        160,
        180,
        480,
        360,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0,0 1,1",
        "0,0 1,0 2,1",
        "a,b c,d e,f",
        "0,0 1,0 1",
        "0,0 0.5,0.5 1,1",
        "0,0,0",
        "!",
        "!!0,0 1,0 1,1",
    ],
)
def test_what_is_no_polygon_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="polygon"):
        RegionOfInterest.parse([text])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=6))
def test_any_polygon_has_a_window_within_the_picture(corners: list[tuple[float, float]]) -> None:
    try:
        roi = RegionOfInterest.parse([" ".join(f"{x},{y}" for x, y in corners)])
    except ValueError:
        return
    x0, y0, x1, y1 = roi.window(640, 360)
    assert 0 <= x0 < x1 <= 641
    assert 0 <= y0 < y1 <= 361


def test_each_nth_frame() -> None:
    assert [n for n in range(10) if FrameSampler(3).selects(n, n / 30, busy=True)] == [0, 3, 6, 9]


def test_by_itself_each_frame_while_there_is_a_plate_to_be_read_and_ten_a_second_else() -> None:
    sampler = FrameSampler("auto")
    assert all(sampler.selects(n, n / 30, busy=True) for n in range(30))
    idle = [n for n in range(30, 60) if sampler.selects(n, n / 30, busy=False)]
    assert len(idle) == 10


def noisy(rng: np.random.Generator, sigma: float) -> np.ndarray:
    return np.clip(128 + rng.normal(0, sigma, (360, 640, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [0.0, 2.0, 9.0])
def test_noise_is_no_motion_and_a_vehicle_is(sigma: float) -> None:
    rng = np.random.default_rng(1)
    motion = MotionGate()
    assert not motion.is_still(noisy(rng, sigma), 0.0)
    assert all(motion.is_still(noisy(rng, sigma), n / 30) for n in range(1, 20))
    moved = noisy(rng, sigma)
    moved[200:240, 300:360] = 30
    assert not motion.is_still(moved, 0.7)


def test_a_still_scene_is_looked_at_once_a_second() -> None:
    image = noisy(np.random.default_rng(1), 2.0)
    motion = MotionGate()
    looked = [n for n in range(90) if not motion.is_still(image, n / 30)]
    assert looked == [0, 30, 60]


def test_what_moves_slowly_adds_up() -> None:
    motion = MotionGate()
    for n in range(60):
        image = np.full((360, 640, 3), 128, np.uint8)
        image[200:240, 100 + n : 160 + n] = 30
        if n and not motion.is_still(image, n / 120):
            return
        motion.is_still(image, n / 120)
    pytest.fail("a vehicle drove past unseen")
