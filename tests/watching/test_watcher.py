"""Every vehicle once."""

from __future__ import annotations

from dataclasses import replace

from lpr.types import Frame
from lpr.watching import Watcher, WatchSettings
from lpr.watching.roi import RegionOfInterest
from lpr.watching.settings import DEFAULTS
from tests.watching.road import FPS, Road, Vehicle, still, watched, watching


def across(speed: float = 3, y: float = 100, begin: float = 20, since: int = 0):  # type: ignore[no-untyped-def]
    return lambda frame: (begin + speed * (frame - since), y)


def texts(road: Road, frames: int, settings: WatchSettings = DEFAULTS) -> list[str]:
    return [sighting.plate.text for sighting in watched(road, frames, settings)]


def test_a_vehicle_that_passes_is_one_sighting() -> None:
    road = Road([Vehicle("ABC1234", 5, 100, across())])
    (sighting,) = watched(road, 200)
    assert (sighting.plate.text, sighting.plate.display) == ("ABC1234", "ABC-1234")
    assert (sighting.first.frame, sighting.last.frame, sighting.seen) == (5, 100, 96)
    assert 2 <= sighting.agreeing == sighting.read < 96
    assert (sighting.number, sighting.status, sighting.direction) == (1, "final", "right")
    assert sighting.best.reading.text == "ABC1234"


def test_two_at_a_time_are_two() -> None:
    road = Road(
        [Vehicle("ABC1234", 0, 100, across()), Vehicle("XYZ9876", 0, 100, across(y=200, begin=30))]
    )
    assert sorted(texts(road, 200)) == ["ABC1234", "XYZ9876"]


def test_one_bad_frame_decides_nothing() -> None:
    road = Road([Vehicle(lambda n: "A8C1234" if n % 7 == 3 else "ABC1234", 0, 100, across())])
    assert texts(road, 200) == ["ABC1234"]


def test_a_text_that_was_read_once_only_is_not_reported_unless_that_is_enough() -> None:
    road = Road([Vehicle("ABC1234", 10, 10, still(200, 100))])
    assert texts(road, 100) == []
    assert texts(road, 100, WatchSettings(min_reads=1)) == ["ABC1234"]


def test_a_parked_vehicle_is_one_sighting_and_hardly_ever_read() -> None:
    road = Road([Vehicle("ABC1234", 0, 30 * FPS, still(200, 100))])
    assert texts(road, 32 * FPS) == ["ABC1234"]
    assert road.reads < 20


def test_a_parked_vehicle_that_others_hide_again_and_again_is_one() -> None:
    hidden = [n for k in range(3) for n in range(200 + 300 * k, 290 + 300 * k)]
    road = Road([Vehicle("ABC1234", 0, 1200, still(200, 100), hidden=hidden)])  # type: ignore[arg-type]
    assert texts(road, 1300) == ["ABC1234"]


def test_a_vehicle_that_is_hidden_on_its_way_is_one() -> None:
    road = Road([Vehicle("ABC1234", 0, 120, across(), hidden=range(40, 70))])
    assert texts(road, 200) == ["ABC1234"]


def test_it_is_found_again_elsewhere_by_its_text() -> None:
    road = Road([Vehicle("ABC1234", 0, 40, across()), Vehicle("ABC1234", 70, 120, still(500, 300))])
    (sighting,) = watched(road, 300)
    assert (sighting.first.frame, sighting.last.frame) == (0, 120)


def test_a_return_is_a_new_sighting_after_the_stated_time_only() -> None:
    road = Road(
        [Vehicle("ABC1234", 0, 60, across()), Vehicle("ABC1234", 600, 660, across(since=600))]
    )
    assert texts(road, 800) == ["ABC1234"]
    assert texts(road, 800, WatchSettings(return_after=15)) == ["ABC1234"] * 2


def test_a_vehicle_that_comes_back_worse_to_be_read_is_not_reported_with_another_text() -> None:
    road = Road(
        [
            Vehicle("ABC1234", 0, 60, across()),
            Vehicle("ABC1284", 200, 260, across(since=200), certain=0.6),
        ]
    )
    assert texts(road, 400) == ["ABC1234"]


def test_another_vehicle_in_the_very_same_place_is_another_sighting() -> None:
    swapped = Vehicle(lambda n: "ABC1234" if n < 60 else "XYZ9876", 0, 120, across(speed=4))
    road = Road([swapped])
    assert texts(road, 300) == ["ABC1234", "XYZ9876"]


def test_lettering_that_fits_no_format_needs_more_readings() -> None:
    sign = Vehicle(lambda n: "GOOD" if n % 3 else "6OOD", 0, 8, across())
    assert texts(Road([sign]), 100) == []
    foreign = Vehicle("34A36837", 0, 100, across())
    assert texts(Road([foreign]), 200) == ["34A36837"]


def test_a_plate_that_the_edge_cuts_is_not_read() -> None:
    road = Road([Vehicle("ABC1234", 0, 60, across(begin=-1, speed=0))])
    assert texts(road, 100) == []
    assert road.reads == 0


def test_a_plate_that_the_edge_of_the_roi_cuts_is_not_read() -> None:
    """It touches the right edge of what the detector saw, 2.5 pixels inside."""
    roi = RegionOfInterest.parse(["0,0 0.5,0 0.5,1 0,1"])
    road = Road([Vehicle("ABC1234", 0, 60, across(begin=320 - 62.5, speed=0))])
    detections = road.detections
    road.detections = lambda n: [replace(d, touches=("right",)) for d in detections(n)]  # type: ignore[method-assign]
    assert texts(road, 100, WatchSettings(roi=roi)) == []
    assert road.reads == 0


def test_early_says_it_at_once_and_confirms_it_when_the_vehicle_has_gone() -> None:
    road = Road([Vehicle("ABC1234", 0, 200, across(speed=2))])
    said = []
    for sighting in watching(road, 400, WatchSettings(early=True)):
        said.append((sighting.status, road.now, sighting.number, sighting.plate.text))
    (early, when, number, text), (last, later, same, again) = said
    assert (early, last) == ("early", "confirmed")
    assert when < 30
    assert later > 200
    assert (number, text) == (same, again) == (1, "ABC1234")


def test_early_corrects_itself() -> None:
    road = Road(
        [Vehicle(lambda n: "ABC1284" if n < 20 else "ABC1234", 0, 200, lambda n: (20 + 2 * n, 100))]
    )
    # The plate grows, so that it is read on.
    vehicle = road.vehicles[0]
    vehicle.box = lambda n: None if n > 200 else grown(n)  # type: ignore[method-assign]
    assert [(s.status, s.plate.text) for s in watched(road, 400, WatchSettings(early=True))] == [
        ("early", "ABC1284"),
        ("corrected", "ABC1234"),
    ]


def grown(frame: int):  # type: ignore[no-untyped-def]
    from lpr.types import Box

    width = 30 * 1.01**frame
    return Box(60, 100, 60 + width, 100 + width / 2)


def test_frames_that_are_passed_over_because_nothing_moves_end_no_track() -> None:
    road = Road([Vehicle("ABC1234", 0, 600, still(200, 100))])
    watcher = Watcher("gate", "road.mp4", road.reader())
    said = []
    for number in range(600):
        road.now = number
        frame = road.frame(number)
        if number < 10 or number % 30 == 0:
            said += watcher.see(frame, road.detections(number))
        else:
            said += watcher.skip(frame, still=True)
    said += watcher.end()
    assert [sighting.last.frame for sighting in said] == [599]


def test_the_evidence_is_the_frame_that_was_read() -> None:
    def tagged(number: int) -> Frame:
        road.image = road.image.copy()
        road.image[:] = number
        return road.frame(number)

    road = Road([Vehicle("ABC1234", 0, 60, across())])
    watcher = Watcher("gate", "road.mp4", road.reader(), WatchSettings(keep_frames=True))
    said = []
    for number in range(60):
        road.now = number
        said += watcher.see(tagged(number), road.detections(number))
    said += watcher.end()
    (sighting,) = said
    best = sighting.best
    assert best.frame is not None
    assert (best.crop == best.moment.frame).all()
    assert (best.frame == best.moment.frame).all()
    assert best.crop.shape[0] > best.detection.box.height


def test_the_same_frames_give_the_same_sightings() -> None:
    road = Road(
        [
            Vehicle(lambda n: "A8C1234" if n % 3 else "ABC1234", 0, 100, across()),
            Vehicle("XYZ9876", 30, 130, across(y=200, since=30)),
        ]
    )
    first, second = ([s.as_dict() for s in watched(road, 200)] for _ in range(2))
    assert first == second


def test_a_record_has_all_that_a_sighting_is() -> None:
    road = Road([Vehicle("ABC1234", 0, 60, across())])
    watcher = Watcher("gate", "road.mp4", road.reader())
    for number in range(60):
        road.now = number
        watcher.see(road.frame(number, clock=1_767_225_600 + number / FPS), road.detections(number))
    record = watcher.end()[0].as_dict()
    assert record["text"] == "ABC1234"
    assert record["first"] == {"frame": 0, "time": 0.0, "utc": "2026-01-01T00:00:00.000Z"}
    assert record["last"]["utc"] == "2026-01-01T00:00:01.967Z"
    assert record["frames"]["seen"] == 60
    assert record["best"]["text"] == "ABC1234"
    assert len(record["path"][0]) == 5
