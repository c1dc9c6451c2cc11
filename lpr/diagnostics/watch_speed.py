"""The speed of a watch, and the time of each stage."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lpr.errors import SourceError
from lpr.reader import Reader
from lpr.source.address import Address
from lpr.source.video_sources import open_video_source
from lpr.types import Frame
from lpr.utils.closing import Closeable
from lpr.utils.timing import measuring
from lpr.watching import Engine, Event, Failed, Watcher, WatchSettings, WatchStats
from lpr.watching.camera import MAX_IN_FLIGHT
from lpr.watching.detection_worker import detect_in_roi

_MEMORY_INTERVAL = 10.0  # Seconds between two samples of the memory


@dataclass(frozen=True, slots=True)
class WatchSpeed:
    """The speed of one ``way`` of watching.

    ``busy`` is the share of the time in which the CPU's cores worked (0..1), ``looked`` counts the
    frames that went through the detector, ``filled`` is how full the queues were on average (0..1,
    None without queues), ``stages`` are milliseconds of thread time per frame, and ``memory`` is
    that of the process at the start, after a tenth of the time, and at the end (MiB).
    """

    way: str
    frames: int
    seconds: float
    busy: float
    looked: int
    dropped: int
    filled: float | None
    stages: Mapping[str, float]
    memory: Sequence[float]

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0


class LoopedVideo(Closeable):
    """A recording repeated for ``seconds``, as one long video."""

    def __init__(self, address: Address, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._closed = False
        self.fps: float | None = None
        self.frames: int | None = None

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
    """The speed of decoding alone, the limit of any watch on one core."""
    return _measure("decoding alone", LoopedVideo(address, seconds), WatchStats())


def plain_loop(
    address: Address, seconds: float, reader: Reader, settings: WatchSettings, name: str
) -> WatchSpeed:
    """The speed of decoding, detecting, tracking and reading one after the other.

    Only the networks may use several threads, as set in ``reader``.
    """
    watcher = Watcher(address.camera, address.shown, reader, settings)
    stats = WatchStats()

    def frames() -> Iterator[Frame]:
        began = time.perf_counter()
        for frame in LoopedVideo(address, seconds):
            stats.add("source", time.perf_counter() - began)
            with measuring() as stages:
                watcher.see(frame, detect_in_roi(reader, [frame], settings)[0])
            stats.add_timing(stages.timing())
            stats.count(detected=1)
            yield frame
            began = time.perf_counter()

    return _measure(name, frames(), stats)


def engine(
    address: Address, seconds: float, readers: Sequence[Reader], settings: WatchSettings, name: str
) -> WatchSpeed:
    """The speed of a whole watch. Raises the error of a source that fails."""

    def events(watch: Engine) -> Iterator[Event]:
        for event in watch.events():
            if isinstance(event, Failed):
                raise event.error
            yield event

    with Engine([address], readers, lambda a: LoopedVideo(a, seconds), settings=settings) as watch:
        speed = _measure(name, events(watch), watch.stats)
    filled = watch.stats.in_flight / max(watch.stats.finished * MAX_IN_FLIGHT, 1)
    return replace(speed, filled=filled)


def _measure(way: str, frames: Iterable[object], stats: WatchStats) -> WatchSpeed:
    """The speed of consuming ``frames``, whose work adds up in ``stats``."""
    began, cpu = time.perf_counter(), time.process_time()
    memory = [(0.0, _resident())]
    count = 0
    for count, _ in enumerate(frames, 1):  # noqa: B007
        passed = time.perf_counter() - began
        if passed - memory[-1][0] >= _MEMORY_INTERVAL:
            memory.append((passed, _resident()))
    if not count:
        raise SourceError("no frame came in time; give it more --seconds")
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    memory.append((seconds, _resident()))
    busy = cpu_seconds / seconds / (os.cpu_count() or 1)
    stages = {name: 1000 * value / count for name, value in stats.stages.items()}
    early = next(m for t, m in memory if t >= seconds / 10)
    samples = (memory[0][1], early, memory[-1][1])
    counts = stats.detected, stats.dropped
    return WatchSpeed(way, count, seconds, busy, *counts, None, stages, samples)


def _resident() -> float:
    """The process's resident memory in MiB; 0 if the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
