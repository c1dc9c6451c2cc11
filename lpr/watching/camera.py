"""One camera of a watch: a thread that reads its source, and one that tracks its frames in order.

A frame's way: ``_read_source`` -> FrameQueue -> ``_submit`` (detection) -> ``_track`` -> event.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

from lpr.errors import LprError
from lpr.sightings import Gap, TrackOverlay
from lpr.source.address import Address
from lpr.source.video_sources import VideoSource
from lpr.types import Box, Detection, Frame
from lpr.utils.bounded import stopped_by
from lpr.utils.timing import measuring
from lpr.watching.events import Event, Failed, Seen
from lpr.watching.frame_queue import FrameQueue
from lpr.watching.frame_sampling import FrameChooser
from lpr.watching.settings import WatchSettings
from lpr.watching.stats import WatchStats
from lpr.watching.watcher import Watcher

MAX_IN_FLIGHT = 8
"""Frames of one camera between submission and tracking, and events that wait to be taken. More keep
more threads busy; with fewer, ``every="auto"`` reacts sooner."""
_QUEUE_SIZE = 8  # Decoded frames that wait for tracking; a live source drops older ones
_JOIN_TIMEOUT = 1.0  # Seconds to wait for a thread, which a silent source may block
_TRAIL_LENGTH = 12  # Positions in a drawn trail
_DRAW_LOST_FOR = 0.5  # Seconds for which an undetected track is drawn at its predicted position


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a source, and the error that caused it, if any."""

    error: LprError | None = None


_Item: TypeAlias = Frame | Gap | _End


@dataclass(slots=True)
class _InFlight:
    """A frame between submission and tracking; without ``detections`` it is skipped."""

    frame: Frame
    detections: Future[list[Detection]] | None
    still: bool = False


class Camera:
    """One source with its two threads and its events.

    ``detect`` submits a frame to the detector. ``notify`` is called after each event, which
    :meth:`take_event` then gives. After ``MAX_IN_FLIGHT`` events that nobody takes, it waits.
    """

    def __init__(
        self,
        address: Address,
        open_source: Callable[[Address], VideoSource],
        watcher: Watcher,
        settings: WatchSettings,
        *,
        show: bool,
        detect: Callable[[Frame], Future[list[Detection]]],
        notify: Callable[[Camera], None],
        stats: WatchStats,
    ) -> None:
        self.address = address
        self._open = open_source
        self._watcher = watcher
        self._show = show
        self._detect = detect
        self._notify = notify
        self._stats = stats
        self._hide_overlays = settings.detect_outside_roi
        self._chooser = FrameChooser(settings)
        self._queue: FrameQueue[_Item] = FrameQueue(_QUEUE_SIZE, drop=address.live)
        self._events: deque[Event | None] = deque()
        self._permits = threading.Semaphore(MAX_IN_FLIGHT)
        self._source: VideoSource | None = None
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start both threads."""
        for name, body in (("source", self._read_source), ("track", self._publish_all)):
            thread = threading.Thread(None, body, f"{name} {self.address.camera}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def has_event(self) -> bool:
        """Whether :meth:`take_event` has something to give."""
        return bool(self._events)

    def take_event(self) -> Event | None:
        """The next event, after a notification. None is the last one: the camera has ended."""
        event = self._events.popleft()
        self._permits.release()
        return event

    def stop(self) -> None:
        """End the source here; what is in flight still becomes events.

        A signal handler may call this: it takes only locks that the camera's own threads hold.
        """
        self._stopped.set()
        if self._source is not None and self.address.live:
            self._source.close()
        # A stalled camera or a silent pipe may take long to notice.
        self._queue.close(_End())

    def discard_events(self) -> None:
        """Let the threads run out although no event is taken any more."""
        self._permits.release(1 << 20)

    def join(self) -> None:
        """Wait for the threads, but not long for one that its source blocks."""
        for thread in self._threads:
            thread.join(_JOIN_TIMEOUT)

    def _read_source(self) -> None:
        """Body of the source's thread."""
        end = _End()
        try:
            with self._open(self.address) as self._source:
                if self._source.frames is not None:
                    self._stats.count(stated=self._source.frames, stating=1)
                began = time.perf_counter()
                for item in self._source:
                    self._stats.add("source", time.perf_counter() - began)
                    dropped = self._queue.put(item)
                    if self._stopped.is_set():
                        break
                    self._stats.count(frames=int(isinstance(item, Frame)), dropped=dropped)
                    began = time.perf_counter()
        except Exception as error:
            end = _End(self._named(error))
        self._queue.close(end)

    def _named(self, error: Exception) -> LprError:
        if isinstance(error, LprError):
            return error
        return LprError(f"{self.address.shown}: {type(error).__name__}: {error}")

    def _publish_all(self) -> None:
        """Body of the tracking thread."""
        try:
            with stopped_by(self._stopped):
                for event in self._in_order():
                    self._permits.acquire()
                    self._publish(event)
        except Exception as error:
            self._publish(self._flush())
            camera, source = self.address.camera, self.address.shown
            self._publish(Failed(camera, source, self._named(error)))
        self._queue.close()
        self._publish(None)

    def _publish(self, event: Event | None) -> None:
        self._events.append(event)
        self._notify(self)

    def _in_order(self) -> Iterator[Event]:
        """The events of all frames, in their order. Raises the error that ended the source."""
        in_flight: deque[_InFlight | Gap] = deque()
        end: _End | None = None
        while end is None or in_flight:
            while end is None and len(in_flight) < MAX_IN_FLIGHT:
                item = self._queue.get(wait=not in_flight or not self.address.live)
                if item is None:
                    break
                if isinstance(item, _End):
                    end = item
                else:
                    in_flight.append(self._submit(item) if isinstance(item, Frame) else item)
            if not in_flight:
                break
            first = in_flight.popleft()
            if isinstance(first, _InFlight):
                self._stats.count(in_flight=len(in_flight) + 1, finished=1)
                yield self._track(first)
            else:
                if first.until is None:
                    yield self._flush()
                yield first
        if end is not None and end.error is not None:
            raise end.error
        yield self._flush()

    def _submit(self, frame: Frame) -> _InFlight:
        choice = self._chooser.choose(frame, self._watcher.busy)
        if choice == "detect":
            return _InFlight(frame, self._detect(frame))
        return _InFlight(frame, None, still=choice == "still")

    def _track(self, item: _InFlight) -> Seen:
        frame = item.frame
        if item.detections is None:
            sightings = self._watcher.skip(frame, item.still)
        else:
            detections = item.detections.result()
            with measuring() as clock:
                sightings = self._watcher.see(frame, detections)
            self._stats.add_timing(clock.timing())
        looked, shown = item.detections is not None, frame if self._show else None
        drawn = self._drawn_tracks(frame) if self._show else ()
        ignored = self._watcher.take_ignored()
        return Seen(self.address.camera, shown, looked, drawn, tuple(sightings), ignored)

    def _drawn_tracks(self, frame: Frame) -> tuple[TrackOverlay, ...]:
        now = frame.time or 0.0
        picture = Box(0, 0, frame.width, frame.height)
        drawn = [
            # What is taken for burnt-in text is hidden where plates are: it may be one after all.
            TrackOverlay(-1, box, "", (), True)
            for box in (self._watcher.overlays if self._hide_overlays else ())
        ]
        for track in self._watcher.tracks:
            detected = track.last.frame == frame.index
            box = track.box if detected else track.predicted(now)
            if now - track.last.time > _DRAW_LOST_FOR or not picture.contains(box.center):
                continue
            plate = self._watcher.plate_of(track)
            text = plate.text if plate else ""
            trail = tuple(box.center for _, box in track.path[-_TRAIL_LENGTH:])
            drawn.append(TrackOverlay(track.number, box, text, trail, detected, plate))
        return tuple(drawn)

    def _flush(self) -> Seen:
        """The sightings of all vehicles in the picture: for now, no frame follows."""
        sightings = tuple(self._watcher.end())
        ignored = self._watcher.take_ignored(ended=True)
        return Seen(self.address.camera, None, False, (), sightings, ignored)
