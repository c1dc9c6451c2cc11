"""One camera of a watch: its source's thread, and the one that takes its frames in order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from lpr.errors import LprError
from lpr.sightings import Gap, TrackOverlay
from lpr.source.address import Address
from lpr.source.live import SourceLost, SourceRestored
from lpr.source.video_sources import VideoSource
from lpr.types import Box, Detection, Frame
from lpr.utils.timing import measuring
from lpr.watching.events import Event, Failed, Seen
from lpr.watching.frame_queue import FrameQueue
from lpr.watching.frame_sampling import FrameSampler, MotionGate
from lpr.watching.settings import WatchSettings
from lpr.watching.stats import WatchStats
from lpr.watching.watcher import Watcher

DEPTH = 8
"""Frames of one camera that are under way at a time."""
_WAITING = 8
_TRAIL = 12
_SHOWN = 0.5
_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class _End:
    """The last of a source, and what ended it where that was an error."""

    error: LprError | None = None


_Item: TypeAlias = Frame | SourceLost | SourceRestored | _End


class EngineApi(Protocol):
    """What a camera needs of the engine that it belongs to."""

    @property
    def meter(self) -> WatchStats:
        """Where costs add up."""
        ...

    def find(self, frame: Frame, rules: WatchSettings) -> Future[list[Detection]]:
        """Have the frame's plates found by one of the pool."""
        ...

    def put(self, camera: Camera, event: Event | None) -> None:
        """Hand an event over; None says that the camera has ended."""
        ...


@dataclass(slots=True)
class _UnderWay:
    frame: Frame
    found: Future[list[Detection]] | None
    still: bool


class Camera:
    """One source's two threads, and where its events wait for their turn."""

    def __init__(
        self,
        hub: EngineApi,
        address: Address,
        open_source: Callable[[Address], VideoSource],
        watcher: Watcher,
        rules: WatchSettings,
        show: bool,
    ) -> None:
        self.address = address
        self.permits = threading.Semaphore(DEPTH)
        self.done: deque[Event | None] = deque()
        self._hub = hub
        self._open = open_source
        self._rules = rules
        self._show = show
        self._watcher = watcher
        self._mail: FrameQueue[_Item] = FrameQueue(_WAITING, drop=address.live)
        self._source: VideoSource | None = None
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pace = FrameSampler(rules.every)
        self._stillness = MotionGate() if rules.skip_still else None

    def start(self) -> None:
        for work in (self._take, self._watch):
            name = f"{work.__name__[1:]} {self.address.camera}"
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()

    def join(self) -> None:
        """Wait for its threads; a source that waits for its next frame is not waited for long."""
        for thread in self._threads:
            thread.join(_PATIENCE)

    def stop(self) -> None:
        """End it where it is. A signal's handler may call this: its thread holds no mailbox."""
        self._stopped.set()
        if self._source is not None and self.address.live:
            self._source.close()
        # A camera that has stalled, or a pipe that is silent, may take its time to notice.
        self._mail.finish(_End())

    def _take(self) -> None:
        """The source's own thread: what it gives goes into the mailbox."""
        meter, end = self._hub.meter, _End()
        try:
            with self._open(self.address) as self._source:
                began = time.perf_counter()
                for item in self._source:
                    meter.add("source", time.perf_counter() - began)
                    gone = self._mail.put(item)
                    if self._stopped.is_set():
                        break
                    meter.count(frames=int(isinstance(item, Frame)), dropped=gone)
                    began = time.perf_counter()
        except LprError as error:
            end = _End(error)
        except Exception as error:
            end = _End(LprError(f"{self.address.shown}: {type(error).__name__}: {error}"))
        self._mail.finish(end)

    def _watch(self) -> None:
        """The camera's own thread: its frames in order."""
        error: LprError | None = None
        try:
            for event in self._events():
                self.permits.acquire()
                self._hub.put(self, event)
        except LprError as failure:
            error = failure
        except Exception as failure:
            error = LprError(f"{self.address.shown}: {type(failure).__name__}: {failure}")
        self._mail.close()
        if error is not None:
            self._hub.put(self, self._last())
            self._hub.put(self, Failed(self.address.camera, self.address.shown, error))
        self._hub.put(self, None)

    def _events(self) -> Iterator[Event]:
        way: deque[_UnderWay | SourceLost | SourceRestored] = deque()
        end: _End | None = None
        while end is None or way:
            while end is None and len(way) < DEPTH:
                item = self._mail.get(wait=not way or not self.address.live)
                if item is None:
                    break
                if isinstance(item, _End):
                    end = item
                elif isinstance(item, Frame):
                    way.append(self._send(item))
                else:
                    way.append(item)
            if not way:
                break
            first = way.popleft()
            if isinstance(first, _UnderWay):
                self._hub.meter.count(queued=len(way) + 1, done=1)
                yield self._see(first)
            else:
                yield from self._gap(first)
        if end is not None and end.error is not None:
            raise end.error
        yield self._last()

    def _send(self, frame: Frame) -> _UnderWay:
        time = frame.time or 0.0
        if not self._pace.looks(frame.index, time, self._watcher.busy):
            return _UnderWay(frame, None, still=False)
        if self._stillness is not None and self._stillness.still(frame.image, time):
            return _UnderWay(frame, None, still=True)
        return _UnderWay(frame, self._hub.find(frame, self._rules), still=False)

    def _see(self, way: _UnderWay) -> Seen:
        if way.found is None:
            sightings = self._watcher.pass_over(way.frame, way.still)
        else:
            found = way.found.result()
            with measuring() as clock:
                sightings = self._watcher.see(way.frame, found)
            for name, ms in clock.timing().stages.items():
                self._hub.meter.add(name, ms / 1000)
        frame, shown = (way.frame, self._shown(way.frame)) if self._show else (None, ())
        return Seen(self.address.camera, frame, way.found is not None, shown, tuple(sightings))

    def _shown(self, frame: Frame) -> tuple[TrackOverlay, ...]:
        now = frame.time or 0.0
        picture = Box(0, 0, frame.width, frame.height)
        shown = []
        for track in self._watcher.tracks:
            found = track.last.frame == frame.index
            box = track.box if found else track.predicted(now)
            # What has been gone for longer is nowhere to be seen, and only waited for.
            if now - track.last.time > _SHOWN or not picture.contains(box.center):
                continue
            text = track.text if self._watcher.counts(track) else ""
            trail = tuple(place.center for _, place in track.path[-_TRAIL:])
            shown.append(TrackOverlay(track.number, box, text, trail, found))
        return tuple(shown)

    def _gap(self, item: SourceLost | SourceRestored) -> Iterator[Event]:
        camera, source = self.address.camera, self.address.shown
        if isinstance(item, SourceLost):
            yield self._last()
            yield Gap(camera, source, item.since, None, item.reason, 0)
        else:
            yield Gap(camera, source, item.since, item.until, item.reason, item.attempts)

    def _last(self) -> Seen:
        """Nothing follows for now: the sightings of all that was in the picture."""
        return Seen(self.address.camera, None, False, (), tuple(self._watcher.end()))
