"""Live sources, which are opened again after they end, stall or freeze."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from lpr.errors import SourceError
from lpr.sightings import Gap
from lpr.source.address import Address, is_http
from lpr.source.decoding import MAX_PIXELS
from lpr.source.http_client import content_of
from lpr.source.snapshots import Snapshots
from lpr.source.video_stream import Stream, ThreadType
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable

# Seconds to wait before each new attempt; the last one repeats.
_BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_SAMPLING = 16  # Pixels between those that are compared to notice a frozen picture
# Seconds that a source's clock may be ahead of this machine's, or behind, before it is reset.
_MAX_AHEAD, _MAX_BEHIND = 1.0, 3.0
_FREEZE = 2.0  # A source counts as frozen after this many times ``stall``


class Live(Closeable):
    """A stream or camera that is opened again whenever it is lost, or a camera's snapshots.

    Iterating gives frames, and a :class:`lpr.Gap` when the source is lost and again when it is
    back; it ends after :meth:`close`. A source is lost if it ends, fails, gives no frame for
    ``stall`` seconds, or repeats the same picture for twice as long. New attempts follow after half
    a second, then 1, 2, 4... up to 30 s.

    Frames keep the source's own intervals, since it may send them in bursts. Time counts from the
    beginning of the watch by this machine's clock.
    """

    def __init__(
        self,
        address: Address,
        stall: float = 5.0,
        connect: Callable[[], Stream | Snapshots] | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._address = address
        self._stall = stall
        self._connect = connect or (lambda: connected(address, stall, max_pixels))
        self._closed = threading.Event()
        self.fps: float | None = None
        self.frames: int | None = None

    def __iter__(self) -> Iterator[Frame | Gap]:
        began, clock = time.monotonic(), time.time()
        freeze = _FreezeDetector(_FREEZE * self._stall)
        index = attempts = 0
        lost: Gap | None = None
        was_frozen = False
        latest = 0.0
        while not self._closed.is_set():
            reason, frozen = "it ended", False
            pace = _Clock(time.monotonic() - began)
            try:
                with self._connect() as stream:
                    self.fps = stream.fps
                    freeze.restart(time.monotonic() - began)
                    for frame in stream:
                        if self._closed.is_set():
                            return
                        passed = time.monotonic() - began
                        changed = freeze.update(frame.image, passed)
                        now = latest = max(latest, pace.time(frame.time or 0.0, passed))
                        # A snapshot may change once a minute: it is there, which is enough.
                        if freeze.frozen(passed) and not isinstance(stream, Snapshots):
                            reason = f"its picture stood still for {_FREEZE * self._stall:g} s"
                            frozen = True
                            break
                        if lost is not None:
                            if was_frozen and not changed:
                                continue
                            yield replace(lost, until=clock + now, attempts=attempts)
                            lost, attempts = None, 0
                        yield Frame(frame.image, frame.source, index, now, clock + now)
                        index += 1
            except SourceError as error:
                reason = str(error).removeprefix(f"{self._address.shown}: ")
            if self._closed.is_set():
                return
            if lost is None:
                since, address, was_frozen = clock + time.monotonic() - began, self._address, frozen
                yield (lost := Gap(address.camera, address.shown, since, None, reason, 0))
            self._closed.wait(_BACK_OFF[min(attempts, len(_BACK_OFF) - 1)])
            attempts += 1

    def close(self) -> None:
        """End the iteration, within ``stall`` seconds if it waits for a frame."""
        self._closed.set()


class _Clock:
    """Maps a source's time to this machine's clock, which wins if the two drift apart."""

    def __init__(self, opened: float) -> None:
        self._offset = opened

    def time(self, stated: float, passed: float) -> float:
        late = passed - (self._offset + stated)
        if not -_MAX_AHEAD <= late <= _MAX_BEHIND:
            self._offset += late
        return self._offset + stated


class _FreezeDetector:
    """Notices that a camera repeats the same picture exactly."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._last: Image | None = None
        self._since = 0.0

    def restart(self, now: float) -> None:
        """Count from here, after the source was opened."""
        self._since = now

    def update(self, image: Image, now: float) -> bool:
        """Whether the picture differs from the previous one."""
        sample = image[::_SAMPLING, ::_SAMPLING]
        if self._last is not None and np.array_equal(sample, self._last):
            return False
        self._last, self._since = sample.copy(), now
        return True

    def frozen(self, now: float) -> bool:
        return now - self._since >= self._limit


def connected(address: Address, stall: float, max_pixels: int = MAX_PIXELS) -> Stream | Snapshots:
    """Open a stream, a camera of this machine, or an HTTP address with a picture."""
    if is_http(address.text):
        # What cannot be told, FFmpeg may open all the same, or else says why not.
        with suppress(SourceError):
            if content_of(address, stall) == "picture":
                return Snapshots(address, stall, max_pixels)
    return open_stream(address, stall, max_pixels=max_pixels)


def open_stream(
    address: Address,
    timeout: float,
    every: int = 1,
    threads: ThreadType = "NONE",
    max_pixels: int = MAX_PIXELS,
) -> Stream:
    """Open a stream or a camera of this machine with FFmpeg."""
    format_ = "v4l2" if address.kind == "camera" else None
    # Over TCP no packet is lost, and firewalls let it through.
    options = {"rtsp_transport": "tcp"} if address.text.lower().startswith("rtsp") else {}
    return Stream(
        address.text, address.shown, format_, options, timeout, every, threads, max_pixels
    )
