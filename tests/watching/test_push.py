"""Frames that a program feeds give the sightings of a watch."""

from __future__ import annotations

import logging
import time as clocks
from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np
import pytest

import lpr
from lpr.types import Image
from tests.cli.run import SAMPLES
from tests.cli.run import lpr as command
from tests.watching.road import FPS, Road
from tests.watching.test_engine import ROAD, Eyes, reader

CLIP = SAMPLES / "street.mp4"


@pytest.fixture(scope="module")
def opened() -> Iterator[lpr.Reader]:
    with lpr.load(video=True, threads=1) as reader:
        yield reader


@pytest.fixture(scope="module")
def clip() -> list[tuple[Image, float]]:
    with av.open(str(CLIP)) as video:
        return [
            (np.asarray(frame.to_ndarray(format="bgr24")), frame.time)
            for frame in video.decode(video=0)
            if frame.time is not None
        ]


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, []),
        (
            {"early": True, "every": 2, "roi": "0,0.2 1,0.2 1,1 0,1", "start": 1_777_600_000},
            ["--early", "--every", 2, "--roi", "0,0.2 1,0.2 1,1 0,1",
             "--start", "2026-05-01T01:46:40Z"],
        ),
    ],
)  # fmt: skip
def test_the_records_are_those_of_the_command(
    opened: lpr.Reader,
    clip: Sequence[tuple[Image, float]],
    options: dict[str, Any],
    arguments: list[object],
) -> None:
    tracker = lpr.Tracker(opened, "street", str(CLIP), **options)
    sightings = [s for image, time in clip for s in tracker.update(image, time)]
    sightings += tracker.close()
    records = command("watch", CLIP, *arguments).records
    assert [{"schema": 1, "type": "sighting", **s.as_dict()} for s in sightings] == records
    assert len(records) >= 3


def frames(road: Road, count: int = 170) -> Iterator[tuple[Image, float]]:
    """Frames that carry their numbers, as the eyes want them."""
    for number in range(count):
        image = road.image.copy()
        image[0, 0] = (number % 256, number // 256, 0)
        yield image, number / FPS


def fed(tracker: lpr.Tracker, colors: Any = "bgr") -> list[lpr.Sighting]:
    found = []
    for image, time in frames(ROAD):
        found += tracker.update(image, time, colors=colors)
    return found + tracker.finish()


def test_frames_may_come_from_any_clock() -> None:
    tracker = lpr.Tracker(reader(Eyes(ROAD)), start=0)
    began, found = 1_777_600_000.0, []
    for image, time in frames(ROAD):
        found += tracker.update(image, began + time)
    found += tracker.close()
    usual = fed(lpr.Tracker(reader(Eyes(ROAD))))
    assert [s.plate.text for s in found] == [s.plate.text for s in usual] != []
    for shifted, sighting in zip(found, usual, strict=True):
        assert shifted.first.clock == shifted.first.time
        assert shifted.first.time == pytest.approx(began + sighting.first.time)
        assert sighting.first.clock is None


def test_a_live_camera_needs_no_times() -> None:
    tracker = lpr.Tracker(reader(Eyes(ROAD)), min_reads=1)
    before = clocks.time()
    for image, _ in frames(ROAD, 20):
        tracker.update(image)
    (sighting,) = tracker.finish()
    assert 0 <= sighting.first.time <= sighting.last.time < 60
    assert sighting.first.clock is not None
    assert before <= sighting.first.clock <= clocks.time()
    with pytest.raises(ValueError, match="give the time of every frame, or of none"):
        tracker.update(ROAD.image, 100.0)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (1.9, "time goes back from 2.0 to 1.9 seconds"),
        (float("nan"), "not nan"),
        (None, "or of none"),
    ],
)
def test_a_refused_frame_changes_nothing(bad: float | None, words: str) -> None:
    tracker = lpr.Tracker(reader(Eyes(ROAD)))
    found = []
    for number, (image, time) in enumerate(frames(ROAD)):
        found += tracker.update(image, time)
        if number == 60:
            with pytest.raises(ValueError, match=words):
                tracker.update(image, bad)
            with pytest.raises(TypeError, match="uint8 array"):
                tracker.update(None, time)  # type: ignore[arg-type]
    found += tracker.finish()
    assert [s.as_dict() for s in found] == [
        s.as_dict() for s in fed(lpr.Tracker(reader(Eyes(ROAD))))
    ]


def test_frames_may_follow_after_a_loss() -> None:
    tracker = lpr.Tracker(reader(Eyes(ROAD)), return_after=0)
    texts = []
    for number, (image, time) in enumerate(frames(ROAD)):
        texts += [s.plate.text for s in tracker.update(image, time)]
        if number == 40:
            texts += [s.plate.text for s in tracker.finish()]
    assert "ABC1234" in texts
    assert "XYZ9876" in texts


def test_a_closed_tracker_takes_no_frame() -> None:
    tracker = lpr.Tracker(reader(Eyes(ROAD)))
    for image, time in frames(ROAD, 50):
        tracker.update(image, time)
    assert [s.plate.text for s in tracker.close()] == ["ABC1234", "XYZ9876"]
    assert tracker.close() == []
    with pytest.raises(ValueError, match="the tracker is closed"):
        tracker.update(ROAD.image, 9.0)


def test_a_block_warns_of_sightings_that_nobody_took(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "lpr"):
        with lpr.Tracker(reader(Eyes(ROAD)), "gate") as tracker:
            fed(tracker)
        assert not caplog.records
        with lpr.Tracker(reader(Eyes(ROAD)), "gate") as tracker:
            for image, time in frames(ROAD, 50):
                tracker.update(image, time)
    (message,) = (record.getMessage() for record in caplog.records)
    assert "gate: vehicles were still in the picture" in message
    assert "ABC1234, XYZ9876" in message


def test_a_buffer_may_be_used_again() -> None:
    buffer = ROAD.image.copy()
    tracker = lpr.Tracker(reader(Eyes(ROAD)), keep_frames=True)
    found = []
    for image, time in frames(ROAD):
        buffer[:] = image
        found += tracker.update(buffer, time)
    found += tracker.finish()
    for sighting in found:
        assert sighting.best.frame is not None
        number = sighting.best.moment.frame
        assert sighting.best.frame[0, 0].tolist() == [number % 256, number // 256, 0]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"camera": 5}, TypeError, "camera has to be a text"),
        ({"source": 5}, TypeError, "source has to be a text"),
        ({"start": "now"}, TypeError, "start has to be a number"),
        ({"roi": "0,0 1,1"}, ValueError, "not a polygon"),
        ({"every": 0}, ValueError, "every has to be above 0"),
        ({"min_reads": 1.5}, TypeError, "min_reads has to be a whole number"),
    ],
)
def test_options_are_checked_at_once(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        lpr.Tracker(reader(Eyes(ROAD)), **options)
    with pytest.raises(TypeError, match=r"lpr\.load\(video=True\) opens one"):
        lpr.Tracker("gate")  # type: ignore[arg-type]
