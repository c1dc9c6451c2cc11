"""Threads in between change nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lpr.detection.detector import Detector
from lpr.errors import PluginError, SourceError
from lpr.reader import Reader
from lpr.regions.taiwan import TAIWAN
from lpr.sightings import Gap
from lpr.source.address import Address
from lpr.types import Character, Crop, Detection, Frame, Image, Reading
from lpr.watching import Engine, Event, Failed, Seen, WatchSettings
from lpr.watching.settings import DEFAULTS
from tests.samples import DETECTOR_SPEC, FixedNetwork
from tests.watching.road import FPS, Road, Vehicle

FILE = Address("gate", "road.mp4", "file")
STREAM = Address("gate", "rtsp://gate/1", "stream")


class Eyes:
    """Finds and reads the road's plates: the number of the frame stands in its first pixels."""

    def __init__(self, road: Road, delay: float = 0.0) -> None:
        self.road = road
        self.delay = delay

    def find(self, images: Sequence[Image], threshold: float) -> list[list[Detection]]:
        if self.delay:
            # As threads do: now this one is first, now that one.
            time.sleep(self.delay * (1 + number_of(images[0]) % 3))
        return [
            [d for d in self.road.detections(number_of(image)) if d.confidence > threshold]
            for image in images
        ]

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [self._read(crop) for crop in crops]

    def _read(self, crop: Crop) -> Reading:
        frame = number_of(crop.image)
        for vehicle in self.road.vehicles:
            box = vehicle.box(frame)
            if box is not None and box.quad == crop.quad:
                return vehicle.reading(frame)
        return Reading("", 0.0, (Character("A", 0.0),)[:0])

    def close(self) -> None:
        pass


def number_of(image: Image) -> int:
    return int(image[0, 0, 0]) + 256 * int(image[0, 0, 1])


def reader(eyes: Eyes) -> Reader:
    detector = Detector(FixedNetwork(), [], DETECTOR_SPEC)
    detector.find = eyes.find  # type: ignore[method-assign]
    return Reader(detector, eyes, [TAIWAN], min_confidence=0.1)


class WatchVideo:
    """Frames that carry their numbers; with a ``pause`` they come no faster. ``between`` puts other
    things before some frames, ``end`` an error after the last."""

    fps = float(FPS)

    def __init__(
        self,
        count: int,
        pause: float = 0.0,
        between: dict[int, list[Gap]] | None = None,
        end: Exception | None = None,
    ) -> None:
        self.frames = count
        self.pause = pause
        self.between = between or {}
        self.end = end
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame | Gap]:
        base = Road([]).image
        for number in range(self.frames):
            if self.closed.is_set():
                return
            yield from self.between.get(number, [])
            image = base.copy()
            image[0, 0] = (number % 256, number // 256, 0)
            yield Frame(image, "road.mp4", number, number / FPS)
            time.sleep(self.pause)
        if self.end:
            raise self.end

    def __enter__(self) -> WatchVideo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()


ROAD = Road(
    [
        Vehicle("ABC1234", 3, 60, lambda n: (20 + 5 * n, 100)),
        Vehicle(
            lambda n: "X8Z9876" if n % 4 == 0 else "XYZ9876", 20, 90, lambda n: (600 - 5 * n, 200)
        ),
        Vehicle("MQE3406", 100, 150, lambda n: (20 + 3 * (n - 100), 250)),
    ]
)


@contextmanager
def engine(
    films: dict[Address, WatchVideo],
    threads: int = 2,
    settings: WatchSettings = DEFAULTS,
    delay: float = 0.0,
    show: bool = False,
) -> Iterator[Engine]:
    readers = [reader(Eyes(ROAD, delay)) for _ in range(threads)]
    with Engine(list(films), readers, films.__getitem__, settings=settings, show=show) as made:
        yield made


def said(events: Sequence[Event]) -> list[tuple[str, str, int]]:
    return [
        (event.camera, s.plate.text, s.best.moment.frame)
        for event in events
        if isinstance(event, Seen)
        for s in event.sightings
    ]


def test_a_file_is_watched_to_its_end() -> None:
    with engine({FILE: WatchVideo(200)}) as made:
        events = list(made.events())
    assert [text for _, text, _ in said(events)] == ["ABC1234", "XYZ9876", "MQE3406"]
    assert made.stats.frames == made.stats.detected == made.stats.finished == 200
    assert made.stats.dropped == 0


@pytest.mark.parametrize(
    "settings",
    [WatchSettings(), WatchSettings(every="auto"), WatchSettings(every=2, skip_still=True)],
)
def test_the_number_of_threads_changes_nothing(settings: WatchSettings) -> None:
    films = [Address(name, f"{name}.mp4", "file") for name in ("a", "b", "c", "d", "e", "f")]

    def run(threads: int, delay: float) -> list[tuple[str, str, int]]:
        lengths = {address: WatchVideo(110 + 15 * n) for n, address in enumerate(films)}
        with engine(lengths, threads, settings, delay, show=True) as made:
            return said(list(made.events()))

    once = run(1, 0.0)
    assert len(once) >= 12
    assert run(4, 0.0003) == run(3, 0.0) == once


def test_watches_do_not_change_their_reader() -> None:
    faint = Vehicle("ABC1234", 3, 60, lambda n: (20 + 5 * n, 100), confidence=0.2)
    weaker = Vehicle("XYZ9876", 3, 60, lambda n: (20 + 5 * n, 200), confidence=0.3)
    strong = Vehicle("MQE3406", 3, 60, lambda n: (20 + 5 * n, 300), confidence=0.9)
    watched = reader(Eyes(Road([faint, weaker, strong])))
    runs = []
    for _ in range(3):
        with Engine([FILE], [watched], lambda _: WatchVideo(80), show=True) as made:
            events = list(made.events())
        drawn = [s.box for e in events if isinstance(e, Seen) for s in e.shown]
        runs.append((said(events), drawn))
        assert watched.detector.threshold == 0.5
    assert runs[0] == runs[1] == runs[2]
    assert [text for _, text, _ in runs[0][0]] == ["MQE3406"]


def test_all_frames_of_a_file_come_in_order_and_whole() -> None:
    with engine({FILE: WatchVideo(120)}, threads=3, delay=0.001, show=True) as made:
        seen = [e for e in made.events() if isinstance(e, Seen) and e.frame is not None]
    assert [event.frame.index for event in seen if event.frame] == list(range(120))
    shown = seen[40].shown
    assert next((each.text, each.found) for each in shown) == ("ABC1234", True)


def test_a_file_that_breaks_off_keeps_what_it_gave() -> None:
    broken = WatchVideo(70, end=SourceError("road.mp4: broke off"))
    with engine({FILE: broken}) as made:
        events = list(made.events())
    assert [text for _, text, _ in said(events)] == ["ABC1234", "XYZ9876"]
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert str(failed.error) == "road.mp4: broke off"


def test_a_source_that_cannot_be_opened_costs_only_itself() -> None:
    other = Address("other", "none.mp4", "file")

    def open_source(address: Address) -> WatchVideo:
        if address is other:
            raise SourceError("none.mp4: no such file")
        return WatchVideo(120)

    with Engine([other, FILE], [reader(Eyes(ROAD))], open_source) as made:
        events = list(made.events())
    assert [event.camera for event in events if isinstance(event, Failed)] == ["other"]
    assert [text for _, text, _ in said(events)] == ["ABC1234", "XYZ9876", "MQE3406"]


def test_a_detector_that_fails_ends_its_camera_with_an_error() -> None:
    class Blind(Eyes):
        def find(self, images: Sequence[Image], threshold: float) -> list[list[Detection]]:
            if number_of(images[0]) == 80:
                raise PluginError("detector: out of order")
            return super().find(images, threshold)

    with Engine([FILE], [reader(Blind(ROAD))], lambda _: WatchVideo(200)) as made:
        events = list(made.events())
    assert [text for _, text, _ in said(events)] == ["ABC1234", "XYZ9876"]
    assert [str(e.error) for e in events if isinstance(e, Failed)] == ["detector: out of order"]


def test_stopping_ends_a_file_with_all_that_is_under_way() -> None:
    with engine({FILE: WatchVideo(100_000)}) as made:
        events = []
        for event in made.events():
            events.append(event)
            if len(events) == 50:
                made.stop()
    assert len(events) < 100
    assert [text for _, text, _ in said(events)] == ["ABC1234", "XYZ9876"]


def test_a_camera_that_has_stalled_keeps_nobody_waiting() -> None:
    class Stalled(WatchVideo):
        def __iter__(self) -> Iterator[Frame | Gap]:
            yield from super().__iter__()
            time.sleep(20)

    with engine({STREAM: Stalled(60, pause=0.001)}) as made:
        threading.Timer(0.5, made.stop).start()
        began = time.monotonic()
        events = list(made.events())
    assert time.monotonic() - began < 5
    assert {text for _, text, _ in said(events)} == {"ABC1234", "XYZ9876"}


def test_a_pipe_that_is_silent_keeps_nobody_waiting() -> None:
    class Silent(WatchVideo):
        def __iter__(self) -> Iterator[Frame | Gap]:
            yield from super().__iter__()
            time.sleep(20)

    with engine({Address("stdin", "-", "stdin"): Silent(60)}) as made:
        threading.Timer(0.5, made.stop).start()
        began = time.monotonic()
        events = list(made.events())
    assert time.monotonic() - began < 5
    assert {text for _, text, _ in said(events)} == {"ABC1234", "XYZ9876"}


def test_a_gap_ends_what_was_in_the_picture_and_is_reported() -> None:
    away = Gap("gate", "rtsp://gate/1", 1000.0, None, "it ended", 0)
    back = replace(away, until=1007.5, attempts=3)
    film = WatchVideo(160, pause=0.001, between={50: [away], 51: [back]})
    with engine({STREAM: film}) as made:
        events = []
        for event in made.events():
            events.append(event)
    gaps = [event for event in events if isinstance(event, Gap)]
    assert [(gap.until, gap.attempts) for gap in gaps] == [(None, 0), (1007.5, 3)]
    before = events[: events.index(gaps[0])]
    assert {text for _, text, _ in said(before)} == {"ABC1234", "XYZ9876"}


def test_live_sources_drop_old_frames_rather_than_lag_and_count_them() -> None:
    film = WatchVideo(400, pause=0.001)
    with engine({STREAM: film}, threads=1, delay=0.004, show=True) as made:
        seen = [e.frame.index for e in made.events() if isinstance(e, Seen) and e.frame]
    assert made.stats.dropped > 100
    assert len(seen) + made.stats.dropped == 400
    assert seen == sorted(seen)
    assert seen[-1] >= 395


def test_a_file_never_drops() -> None:
    with engine({FILE: WatchVideo(150)}, threads=1, delay=0.002) as made:
        list(made.events())
    assert (made.stats.dropped, made.stats.detected) == (0, 150)


def test_several_sources_are_watched_at_the_same_time_and_fairly() -> None:
    films = {Address(name, name, "file"): WatchVideo(100) for name in ("a", "b", "c")}
    with engine(films, show=True) as made:
        cameras = [e.camera for e in made.events() if isinstance(e, Seen) and e.frame]
    assert cameras[:9] == ["a", "b", "c"] * 3
    assert len(cameras) == 300


def test_closing_leaves_no_threads() -> None:
    before = threading.active_count()
    with engine({FILE: WatchVideo(100_000)}) as made:
        for number, _ in enumerate(made.events()):
            if number == 20:
                break
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before
