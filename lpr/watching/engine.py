"""Many cameras at once: decode -> find -> track and read -> events, each stage in its own threads.

::

    source thread --Mailbox--> camera thread --------------------> events()
    (one a camera)              |        ^   (one a camera: tracks and reads, in order)
                                v        |
                              finders (one pool for all cameras)

Only so many frames of a camera are under way at a time, and every decision about a frame rests on
frames that lie at least so far behind: files give the same events however many threads there are.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from lpr.closing import Closing
from lpr.errors import LprError
from lpr.pipeline import Reader
from lpr.sightings import Gap, Shown, Sighting
from lpr.source.address import Address
from lpr.source.live import Away, Back
from lpr.source.moving import MovingSource
from lpr.stopwatch import measuring
from lpr.tracking import Fuse
from lpr.types import Box, Detection, Frame
from lpr.watching.mailbox import Mailbox
from lpr.watching.meter import Meter
from lpr.watching.pace import Pace, Stillness
from lpr.watching.rules import USUAL, Rules
from lpr.watching.watcher import Watcher

DEPTH = 8
"""Frames of one camera that are under way at a time."""
_WAITING = 2
_AT_ONCE = 4
_TRAIL = 12
_SHOWN = 0.5
_FAINT = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame of a camera that is done with, and the sightings that it brought. ``shown`` is empty
    unless the engine was asked to ``show``."""

    camera: str
    frame: Frame | None
    looked: bool
    shown: tuple[Shown, ...]
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that ended with an error; what it had given until then has been reported."""

    camera: str
    source: str
    error: LprError


Event: TypeAlias = Seen | Gap | Failed


@dataclass(frozen=True, slots=True)
class _End:
    """The last of a source, and what ended it where that was an error."""

    error: LprError | None = None


_Item: TypeAlias = Frame | Away | Back | _End


class Engine(Closing):
    """Watches sources until they end, or until :meth:`stop`. Iterate over :meth:`events`.

    ``readers`` hold the networks, one for each thread that finds; they are used by several threads,
    and stay the caller's. Their threshold is what begins a track; what they find below that, down
    to half of it, continues one. ``open_source`` opens an address. A few files are read at the same
    time, in turns; live sources all at once, and where frames come too fast, the oldest ones are
    dropped.
    """

    def __init__(
        self,
        sources: Sequence[Address],
        readers: Sequence[Reader],
        open_source: Callable[[Address], MovingSource],
        *,
        rules: Rules = USUAL,
        show: bool = False,
        meter: Meter | None = None,
        fuse: Fuse | None = None,
    ) -> None:
        self.meter = meter or Meter()
        sure = _lowered(readers)
        self._idle: queue.SimpleQueue[Reader] = queue.SimpleQueue()
        for reader in readers:
            self._idle.put(reader)
        self._pool = ThreadPoolExecutor(len(readers), "finder")
        self._out: queue.SimpleQueue[tuple[_Camera, Event | None]] = queue.SimpleQueue()
        self._stopped = False
        cameras = [
            _Camera(
                self,
                address,
                readers[number % len(readers)],
                lambda address=address: open_source(address),  # type: ignore[misc]
                sure,
                rules,
                show,
                fuse,
            )
            for number, address in enumerate(sources)
        ]
        self._live = [camera for camera in cameras if camera.address.live]
        self._waiting = deque(camera for camera in cameras if not camera.address.live)
        self._turns: list[_Camera] = []
        self._turn = 0
        self._started = False

    def events(self) -> Iterator[Event]:
        """What happens, as it happens; those of files in turns, frame by frame."""
        self._start()
        while self._live or self._turns:
            camera, event = self._out.get()
            if camera in self._live:
                if event is None:
                    self._live.remove(camera)
                else:
                    camera.permits.release()
                    yield event
                continue
            camera.done.append(event)
            yield from self._in_turn()

    def _in_turn(self) -> Iterator[Event]:
        while self._turns and self._turns[self._turn].done:
            camera = self._turns[self._turn]
            event = camera.done.popleft()
            if event is not None:
                self._turn = (self._turn + 1) % len(self._turns)
                camera.permits.release()
                yield event
                continue
            if self._waiting and not self._stopped:
                self._turns[self._turn] = self._waiting.popleft()
                self._turns[self._turn].start()
            else:
                self._turns.pop(self._turn)
                self._turn = self._turn % max(len(self._turns), 1)

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        while self._waiting and len(self._turns) < _AT_ONCE:
            self._turns.append(self._waiting.popleft())
        for camera in (*self._live, *self._turns):
            camera.start()

    def stop(self) -> None:
        """Let all sources end here; :meth:`events` then gives what is under way, and ends.

        May be called from a signal's handler.
        """
        self._stopped = True
        for camera in (*self._live, *self._turns):
            camera.stop()

    def find(self, frame: Frame, rules: Rules) -> Future[list[Detection]]:
        """Have the frame's plates found by one of the pool."""
        return self._pool.submit(self._find, frame, rules)

    def _find(self, frame: Frame, rules: Rules) -> list[Detection]:
        reader = self._idle.get()
        try:
            with measuring() as clock:
                found = _found(reader, frame, rules)
        finally:
            self._idle.put(reader)
        self.meter.count(looked=1)
        for name, ms in clock.timing().stages.items():
            self.meter.add(name, ms / 1000)
        return found

    def put(self, camera: _Camera, event: Event | None) -> None:
        """Hand an event over; None says that the camera has ended."""
        self._out.put((camera, event))

    def close(self) -> None:
        """Let go of the threads."""
        self.stop()
        for camera in (*self._live, *self._turns):
            camera.permits.release(1 << 20)
        self._pool.shutdown(wait=True, cancel_futures=True)


@dataclass(slots=True)
class _UnderWay:
    frame: Frame
    found: Future[list[Detection]] | None
    still: bool


class _Camera:
    """One source's two threads, and where its events wait for their turn."""

    def __init__(
        self,
        engine: Engine,
        address: Address,
        reader: Reader,
        open_source: Callable[[], MovingSource],
        sure: float,
        rules: Rules,
        show: bool,
        fuse: Fuse | None,
    ) -> None:
        self.address = address
        self.permits = threading.Semaphore(DEPTH)
        self.done: deque[Event | None] = deque()
        self._engine = engine
        self._open = open_source
        self._rules = rules
        self._show = show
        self._watcher = Watcher(address.camera, address.shown, reader, sure, rules, fuse)
        self._mail: Mailbox[_Item] = Mailbox(_WAITING, drop=address.live)
        self._source: MovingSource | None = None
        self._stopped = threading.Event()
        self._pace = Pace(rules.every)
        self._stillness = Stillness() if rules.skip_still else None

    def start(self) -> None:
        for work in (self._take, self._watch):
            name = f"{work.__name__[1:]} {self.address.camera}"
            threading.Thread(target=work, name=name, daemon=True).start()

    def stop(self) -> None:
        """End it where it is. A signal's handler may call this: its thread holds no mailbox."""
        self._stopped.set()
        if self._source is not None and self.address.live:
            self._source.close()
        # A camera that has stalled, or a pipe that is silent, may take its time to notice.
        self._mail.finish(_End())

    def _take(self) -> None:
        """The source's own thread: what it gives goes into the mailbox."""
        meter, end = self._engine.meter, _End()
        try:
            with self._open() as self._source:
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
                self._engine.put(self, event)
        except LprError as failure:
            error = failure
        except Exception as failure:
            error = LprError(f"{self.address.shown}: {type(failure).__name__}: {failure}")
        self._mail.close()
        if error is not None:
            self._engine.put(self, self._last())
            self._engine.put(self, Failed(self.address.camera, self.address.shown, error))
        self._engine.put(self, None)

    def _events(self) -> Iterator[Event]:
        way: deque[_UnderWay | Away | Back] = deque()
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
                self._engine.meter.count(queued=len(way) + 1, done=1)
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
        return _UnderWay(frame, self._engine.find(frame, self._rules), still=False)

    def _see(self, way: _UnderWay) -> Seen:
        if way.found is None:
            sightings = self._watcher.pass_over(way.frame, way.still)
        else:
            found = way.found.result()
            with measuring() as clock:
                sightings = self._watcher.see(way.frame, found)
            for name, ms in clock.timing().stages.items():
                self._engine.meter.add(name, ms / 1000)
        frame, shown = (way.frame, self._shown(way.frame)) if self._show else (None, ())
        return Seen(self.address.camera, frame, way.found is not None, shown, tuple(sightings))

    def _shown(self, frame: Frame) -> tuple[Shown, ...]:
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
            shown.append(Shown(track.number, box, text, trail, found))
        return tuple(shown)

    def _gap(self, item: Away | Back) -> Iterator[Event]:
        camera, source = self.address.camera, self.address.shown
        if isinstance(item, Away):
            yield self._last()
            yield Gap(camera, source, item.since, None, item.reason, 0)
        else:
            yield Gap(camera, source, item.since, item.until, item.reason, item.attempts)

    def _last(self) -> Seen:
        """Nothing follows for now: the sightings of all that was in the picture."""
        return Seen(self.address.camera, None, False, (), tuple(self._watcher.end()))


def _lowered(readers: Sequence[Reader]) -> float:
    """The readers' threshold, which is then halved."""
    sure = readers[0].detector.threshold
    if not isinstance(sure, float | int):
        raise ValueError("a watch needs a single threshold, not a sweep")
    for reader in readers:
        reader.detector.threshold = sure * _FAINT
    return float(sure)


def _found(reader: Reader, frame: Frame, rules: Rules) -> list[Detection]:
    """The plates within the rules' zone; only as much of the frame is looked at as it takes."""
    width, height = frame.width, frame.height
    x, y, x1, y1 = rules.zone.window(width, height)
    whole = (x, y, x1, y1) == (0, 0, width, height)
    found = reader.find(frame.image if whole else frame.image[y:y1, x:x1])
    moved = found if whole else [_moved(detection, x, y) for detection in found]
    return [d for d in moved if rules.zone.holds(d.box, width, height)]


def _moved(detection: Detection, x: int, y: int) -> Detection:
    a, b, c, d = ((px + x, py + y) for px, py in detection.quad)
    box = detection.box
    return Detection(
        Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y), (a, b, c, d), detection.confidence
    )
