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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from lpr.reader import Reader
from lpr.source.address import Address
from lpr.source.video_sources import VideoSource
from lpr.tracking import Fuse
from lpr.types import Detection, Frame
from lpr.utils.closing import Closeable
from lpr.utils.timing import measuring
from lpr.watching.camera import Camera
from lpr.watching.detection_worker import found, lowered
from lpr.watching.events import Event
from lpr.watching.settings import DEFAULTS, WatchSettings
from lpr.watching.stats import WatchStats
from lpr.watching.watcher import Watcher

_AT_ONCE = 4


class Engine(Closeable):
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
        open_source: Callable[[Address], VideoSource],
        *,
        rules: WatchSettings = DEFAULTS,
        show: bool = False,
        meter: WatchStats | None = None,
        fuse: Fuse | None = None,
    ) -> None:
        self.meter = meter or WatchStats()
        sure = lowered(readers)
        self._idle: queue.SimpleQueue[Reader] = queue.SimpleQueue()
        for reader in readers:
            self._idle.put(reader)
        self._pool = ThreadPoolExecutor(len(readers), "finder")
        self._out: queue.SimpleQueue[tuple[Camera, Event | None]] = queue.SimpleQueue()
        self._stopped = False
        cameras = []
        for number, address in enumerate(sources):
            reader = readers[number % len(readers)]
            watcher = Watcher(address.camera, address.shown, reader, sure, rules, fuse)
            cameras.append(Camera(self, address, open_source, watcher, rules, show))
        self._live = [camera for camera in cameras if camera.address.live]
        self._waiting = deque(camera for camera in cameras if not camera.address.live)
        self._turns: list[Camera] = []
        self._turn = 0
        self._started = False
        self._begun: list[Camera] = []

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
                self._begin(self._turns[self._turn])
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
            self._begin(camera)

    def _begin(self, camera: Camera) -> None:
        self._begun.append(camera)
        camera.start()

    def stop(self) -> None:
        """Let all sources end here; :meth:`events` then gives what is under way, and ends.

        May be called from a signal's handler.
        """
        self._stopped = True
        for camera in (*self._live, *self._turns):
            camera.stop()

    def find(self, frame: Frame, rules: WatchSettings) -> Future[list[Detection]]:
        """Have the frame's plates found by one of the pool."""
        return self._pool.submit(self._find, frame, rules)

    def _find(self, frame: Frame, rules: WatchSettings) -> list[Detection]:
        reader = self._idle.get()
        try:
            with measuring() as clock:
                plates = found(reader, frame, rules)
        finally:
            self._idle.put(reader)
        self.meter.count(looked=1)
        for name, ms in clock.timing().stages.items():
            self.meter.add(name, ms / 1000)
        return plates

    def put(self, camera: Camera, event: Event | None) -> None:
        """Hand an event over; None says that the camera has ended."""
        self._out.put((camera, event))

    def close(self) -> None:
        """Let go of the threads."""
        self.stop()
        for camera in self._begun:
            camera.permits.release(1 << 20)
        for camera in self._begun:
            camera.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
