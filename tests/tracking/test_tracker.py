"""Which plate is which, from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.sightings import FrameTime, Observation
from lpr.tracking import RereadPolicy, Track, Tracker
from lpr.types import Box, Detection, Reading
from lpr.utils.text import edit_distance

FPS = 30


def at(frame: int) -> FrameTime:
    return FrameTime(frame, frame / FPS)


def plate(x: float, y: float, width: float = 40, confidence: float = 0.9) -> Detection:
    box = Box(x, y, x + width, y + width / 2)
    return Detection(box, box.quad, confidence)


def follow(tracker: Tracker, *frames: list[Detection]) -> list[list[int]]:
    """The numbers of the tracks that each frame's detections went to, in their order."""
    given_to = []
    for frame, detections in enumerate(frames):
        found = tracker.update(at(frame), detections)
        of = {id(track.detection): track.number for track in found}
        given_to.append([of.get(id(d), -1) for d in detections])
    return given_to


def test_a_plate_that_moves_is_one_track() -> None:
    frames = [[plate(10 + 7 * n, 20 + 3 * n, 30 + n)] for n in range(20)]
    assert follow(Tracker(0.5), *frames) == [[0]] * 20


def test_one_that_moves_further_than_its_own_width_is_still_followed() -> None:
    frames = [[plate(10 + 60 * n, 20)] for n in range(10)]
    assert follow(Tracker(0.5), *frames) == [[0]] * 10


def test_two_that_pass_each_other_keep_their_numbers() -> None:
    frames = [[plate(10 * n, 20), plate(300 - 10 * n, 75)] for n in range(30)]
    assert follow(Tracker(0.5), *frames) == [[0, 1]] * 30


def test_side_by_side_each_keeps_to_its_own() -> None:
    frames = [[plate(100 + dx, 20 + 9 * n) for dx in (0, 50, 100)] for n in range(15)]
    assert follow(Tracker(0.5), *frames) == [[0, 1, 2]] * 15


def test_a_faint_detection_continues_a_track_and_begins_none() -> None:
    faint = [plate(12, 20, confidence=0.3)]
    assert follow(Tracker(0.5), [plate(10, 20)], faint) == [[0], [0]]
    assert follow(Tracker(0.5), faint, faint) == [[-1], [-1]]


def test_a_plate_that_was_hidden_for_half_a_second_is_found_again_where_it_must_be() -> None:
    seen = [[plate(10 + 4 * n, 20)] for n in range(10)]
    later = [[plate(10 + 4 * n, 20)] for n in range(25, 30)]
    assert follow(Tracker(0.5), *seen, *[[]] * 15, *later)[-5:] == [[0]] * 5


def test_a_track_ends_after_the_patience_and_is_given_once() -> None:
    tracker = Tracker(0.5, max_age=1.0)
    follow(tracker, [plate(10, 20)])
    assert tracker.take_ended(1.0) == []
    assert [track.number for track in tracker.take_ended(1.1)] == [0]
    assert tracker.take_ended(9.0) == []


def test_two_tracks_that_turn_out_to_be_one_vehicle_become_one() -> None:
    tracker = Tracker(0.5)
    follow(tracker, [plate(10, 20)], [plate(500, 20)])
    earlier, later = tracker.tracks
    tracker.merge(earlier, later)
    assert tracker.tracks == [earlier]
    assert (earlier.seen, earlier.last.frame, earlier.box.x0) == (2, 1, 500)


def test_growing_plates_are_foretold_to_grow() -> None:
    track = Track.start(0, at(0), plate(100, 100, 40))
    for frame in range(1, 6):
        track.update(at(frame), plate(100 + 2 * frame, 100, 40 * 1.05**frame))
    ahead = track.predicted(6 / FPS)
    assert ahead.width == pytest.approx(40 * 1.05**6, rel=0.01)


@pytest.mark.parametrize(
    ("first", "last", "direction"),
    [
        (plate(100, 100, 40), plate(110, 120, 80), "towards"),
        (plate(100, 100, 80), plate(110, 90, 40), "away"),
        (plate(100, 100), plate(180, 100), "right"),
        (plate(100, 100), plate(20, 100), "left"),
        (plate(100, 100), plate(104, 101), "still"),
    ],
)
def test_directions(first: Detection, last: Detection, direction: str) -> None:
    track = Track.start(0, at(0), first)
    track.update(at(30), last)
    assert track.direction == direction


def test_what_leaves_by_the_edge_came_nearer_all_the_same() -> None:
    track = Track.start(0, at(0), plate(100, 100, 40))
    for frame in range(1, 30):
        track.update(at(frame), plate(100 - frame, 100 + 3 * frame, 40 + 2 * frame))
    track.update(at(30), plate(70, 195, 30))
    assert track.direction == "towards"


def test_a_path_of_hours_stays_short_and_spans_them() -> None:
    track = Track.start(0, at(0), plate(0, 0))
    for frame in range(1, 20_000):
        track.update(at(frame), plate(frame / 100, 0))
    assert len(track.path) <= 32
    times = [time for time, _ in track.path]
    assert times == sorted(times)
    assert times[0] == 0
    assert times[-1] > 0.9 * 19_999 / FPS


def test_readings_of_weeks_do_not_pile_up() -> None:
    track = Track.start(0, at(0), plate(0, 0))
    for frame in range(1000):
        reading = Reading("ABC1234", 0.5 + frame / 4000)
        track.add_reading(
            Observation(at(frame), track.detection, reading, np.zeros((2, 2, 3), np.uint8)), None
        )
    assert track.reads == 1000
    assert len(track.readings) <= 200
    assert track.readings[-1].confidence == pytest.approx(0.74975)


def test_a_plate_that_stands_is_read_less_and_less() -> None:
    policy = RereadPolicy()
    reads = 0
    for frame in range(30 * 60):
        if policy.due(frame / FPS, 80):
            policy.record(frame / FPS, 80, "ABC1234", 0.99)
            reads += 1
    assert 5 < reads < 20


def test_a_plate_that_comes_nearer_is_read_again_and_again() -> None:
    policy = RereadPolicy()
    reads = 0
    for frame in range(90):
        width = 40 * 1.02**frame
        if policy.due(frame / FPS, width):
            policy.record(frame / FPS, width, "ABC1234", 0.99)
            reads += 1
    assert reads >= 12


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [("", "", 0), ("ABC", "", 3), ("ABC123", "ABC123", 0), ("ABC123", "AB123", 1), ("A1", "1A", 2)],
)
def test_edits(a: str, b: str, apart: int) -> None:
    assert edit_distance(a, b) == edit_distance(b, a) == apart


@given(st.text("AB1", max_size=6), st.text("AB1", max_size=6), st.text("AB1", max_size=6))
def test_edits_are_a_distance(a: str, b: str, c: str) -> None:
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
