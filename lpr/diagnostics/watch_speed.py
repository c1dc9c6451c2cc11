"""How fast a film is watched, and where the time goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lpr.errors import SourceError
from lpr.reader import Reader
from lpr.source.address import Address
from lpr.source.video_sources import open_video_source
from lpr.types import Frame
from lpr.utils.closing import Closeable
from lpr.utils.timing import measuring
from lpr.watching import Engine, Failed, Watcher, WatchSettings, WatchStats
from lpr.watching.camera import DEPTH

_MEASURED_EACH = 10.0


@dataclass(frozen=True, slots=True)
class WatchSpeed:
    """What a way of watching reached: ``fps`` frames a second over ``seconds``, with the CPU's
    cores ``busy`` so much of the time (0..1), ``stages`` in milliseconds of thread time a frame,
    queues ``filled`` so far on the average (0..1, None without queues), and the memory of the
    process at the start, a tenth of the way in and in the end (MiB)."""

    way: str
    frames: int
    seconds: float
    busy: float
    looked: int
    dropped: int
    filled: float | None
    stages: Mapping[str, float] = field(default_factory=dict)
    memory: Sequence[float] = ()

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0


class Again(Closeable):
    """A recording that is played again and again for so many seconds, as one long film."""

    def __init__(self, address: Address, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._closed = False
        self.fps: float | None = None

    def __iter__(self) -> Iterator[Frame]:
        began, index, offset = time.perf_counter(), 0, 0.0
        while not self._closed:
            last = 0.0
            with open_video_source(self._address) as source:
                for frame in source:
                    if self._closed or time.perf_counter() - began >= self._seconds:
                        return
                    if isinstance(frame, Frame):
                        last = frame.time or 0.0
                        yield replace(frame, index=index, time=offset + last)
                        index += 1
            offset += last + 1 / (source.fps or 25.0)

    def close(self) -> None:
        self._closed = True


def decoding(address: Address, seconds: float) -> WatchSpeed:
    """Nothing but decoding: no watch can be faster on one core."""
    with _Stopwatch("decoding alone") as clock:
        for _ in Again(address, seconds):
            clock.frame()
    return clock.pace({}, 0, 0, None)


def plain_loop(
    address: Address, seconds: float, reader: Reader, rules: WatchSettings, name: str
) -> WatchSpeed:
    """The same work without threads of ours: decode, find, track and read, one after the other.

    What the networks do on several threads is up to ``reader``.
    """
    sure = float(reader.detector.threshold)  # type: ignore[arg-type]
    reader.detector.threshold = sure / 2
    watcher = Watcher(address.camera, address.shown, reader, sure, rules)
    meter = WatchStats()
    with _Stopwatch(name) as clock:
        began = time.perf_counter()
        for frame in Again(address, seconds):
            meter.add("source", time.perf_counter() - began)
            with measuring() as stages:
                watcher.see(frame, reader.find(frame.image))
            for stage, ms in stages.timing().stages.items():
                meter.add(stage, ms / 1000)
            meter.count(frames=1, looked=1)
            clock.frame()
            began = time.perf_counter()
    return clock.pace(meter.stages, meter.looked, 0, None)


def engine(
    address: Address, seconds: float, readers: Sequence[Reader], rules: WatchSettings, name: str
) -> WatchSpeed:
    """A whole watch. Raises the error of a source that fails."""
    meter = WatchStats()
    with (
        Engine(
            [address], readers, lambda given: Again(given, seconds), rules=rules, meter=meter
        ) as made,
        _Stopwatch(name) as clock,
    ):
        for event in made.events():
            if isinstance(event, Failed):
                raise event.error
            clock.frame()
    filled = meter.queued / (meter.done * DEPTH) if meter.done else 0.0
    return clock.pace(meter.stages, meter.looked, meter.dropped, filled)


class _Stopwatch:
    """Frames, time, the CPU's time and memory of one way."""

    def __init__(self, way: str) -> None:
        self._way = way
        self._frames = 0
        self._memory: list[tuple[float, float]] = []

    def __enter__(self) -> _Stopwatch:
        self._began, self._cpu = time.perf_counter(), time.process_time()
        self._memory.append((0.0, _resident()))
        return self

    def __exit__(self, *_: object) -> None:
        self._seconds = time.perf_counter() - self._began
        self._used = time.process_time() - self._cpu
        self._memory.append((self._seconds, _resident()))

    def frame(self) -> None:
        self._frames += 1
        passed = time.perf_counter() - self._began
        if passed - self._memory[-1][0] >= _MEASURED_EACH:
            self._memory.append((passed, _resident()))

    def pace(
        self, stages: Mapping[str, float], looked: int, dropped: int, filled: float | None
    ) -> WatchSpeed:
        if not self._frames:
            raise SourceError("no frame came before the time was over; give it more --seconds")
        early = next(m for t, m in self._memory if t >= self._seconds / 10)
        return WatchSpeed(
            self._way,
            self._frames,
            self._seconds,
            self._used / self._seconds / (os.cpu_count() or 1),
            looked,
            dropped,
            filled,
            {name: 1000 * value / self._frames for name, value in stages.items()},
            (self._memory[0][1], early, self._memory[-1][1]),
        )


def _resident() -> float:
    """The process's memory in MiB; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
