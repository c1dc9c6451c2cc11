"""Watches many cameras: decode -> detect -> track and read -> events, each in its own threads.

::

    source thread --FrameQueue--> tracking thread --------------> events()
    (one per camera)                |        ^     (one per camera: tracks and reads, in order)
                                    v        |
                              DetectionPool (shared by all cameras)

A camera has a limited number of frames in flight. Decisions about a frame depend only on frames at
least that far behind, so the events of files do not depend on the number of threads.
"""

from __future__ import annotations

import itertools
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from lpr.reader import Reader
from lpr.source.address import Address
from lpr.source.video_sources import VideoSource
from lpr.tracking import Fuse
from lpr.utils.closing import Closeable
from lpr.watching.camera import Camera
from lpr.watching.detection_worker import DetectionPool
from lpr.watching.events import Event
from lpr.watching.settings import DEFAULTS, WatchSettings
from lpr.watching.stats import WatchStats
from lpr.watching.watcher import Watcher

_FILES_AT_ONCE = 4  # Files that are read at the same time; the others wait, and take no memory


class Engine(Closeable):
    """Watches sources until they end, or until :meth:`stop`. Iterate over :meth:`events`.

    ``readers`` hold the networks, one per detection thread; the caller closes them. With ``show``,
    events carry the frame and its tracks. ``fuse`` replaces the fusion of a track's readings.

    Live sources are all read at once and drop their oldest frames if they come too fast. Of the
    files, a few are read at a time, and their events alternate.
    """

    def __init__(
        self,
        sources: Sequence[Address],
        readers: Sequence[Reader],
        open_source: Callable[[Address], VideoSource],
        *,
        settings: WatchSettings = DEFAULTS,
        show: bool = False,
        stats: WatchStats | None = None,
        fuse: Fuse | None = None,
    ) -> None:
        self.stats = stats or WatchStats()
        self._pool = DetectionPool(readers, settings, self.stats)
        self._ready: queue.SimpleQueue[Camera] = queue.SimpleQueue()
        cameras = [
            Camera(
                address,
                open_source,
                Watcher(address.camera, address.shown, reader, settings, fuse),
                settings,
                show=show,
                detect=self._pool.submit,
                notify=self._ready.put,
                stats=self.stats,
            )
            for address, reader in zip(sources, itertools.cycle(readers), strict=False)
        ]
        self._live = [camera for camera in cameras if camera.address.live]
        self._waiting = deque(camera for camera in cameras if not camera.address.live)
        self._files: deque[Camera] = deque()
        self._started: list[Camera] = []
        self._stopped = False

    def events(self) -> Iterator[Event]:
        """The events as they come; those of files alternate, frame by frame."""
        if not self._started:
            for _ in range(min(_FILES_AT_ONCE, len(self._waiting))):
                self._files.append(self._waiting.popleft())
            for camera in (*self._live, *self._files):
                self._start(camera)
        while self._live or self._files:
            camera = self._ready.get()
            if camera not in self._live:
                yield from self._file_events()
            elif (event := camera.take_event()) is not None:
                yield event
            else:
                self._live.remove(camera)

    def _file_events(self) -> Iterator[Event]:
        """The events of the files in turn, up to the first file that has none ready."""
        while self._files and self._files[0].has_event:
            event = self._files[0].take_event()
            if event is not None:
                self._files.rotate(-1)
                yield event
            elif self._waiting and not self._stopped:
                self._files[0] = self._waiting.popleft()
                self._start(self._files[0])
            else:
                self._files.popleft()

    def _start(self, camera: Camera) -> None:
        self._started.append(camera)
        camera.start()

    def stop(self) -> None:
        """End all sources here; :meth:`events` then gives what is in flight, and ends.

        A signal handler may call this.
        """
        self._stopped = True
        self._pool.stop()
        for camera in (*self._live, *self._files):
            camera.stop()

    def close(self) -> None:
        """Stop, drop all events that were not taken, and end the threads."""
        self.stop()
        for camera in self._started:
            camera.discard_events()
        for camera in self._started:
            camera.join()
        self._pool.close()
