"""Live sources: they break off, stall and freeze, and come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lpr.errors import SourceError
from lpr.source.address import Address
from lpr.source.av_stream import Stream
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable

_BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_SPARSE = 16
_AHEAD, _BEHIND = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Away:
    """A live source gives nothing, for ``reason``, since ``since`` (seconds since 1970)."""

    since: float
    reason: str


@dataclass(frozen=True, slots=True)
class Back:
    """It is there again: ``until`` in seconds since 1970, after so many ``attempts``."""

    since: float
    until: float
    reason: str
    attempts: int


class Live(Closeable):
    """A stream or camera that is opened again whenever it is lost.

    Iterating gives its frames, and :class:`Away` and :class:`Back` where it was lost; it ends when
    it is closed. A source is lost that ends, fails, gives no frame for ``stall`` seconds, or shows
    the very same picture for twice as long. It is tried again after half a second, then after 1, 2,
    4... up to 30.

    Frames are as far apart in time as the source says, which may send them in bursts; time counts
    from the beginning of the watch by this machine's clock.
    """

    def __init__(
        self,
        address: Address,
        stall: float = 5.0,
        connect: Callable[[], Stream] | None = None,
    ) -> None:
        self._address = address
        self._stall = stall
        self._connect = connect or (lambda: connected(address, stall))
        self._closed = threading.Event()
        self.fps: float | None = None

    def __iter__(self) -> Iterator[Frame | Away | Back]:
        began, clock = time.monotonic(), time.time()
        still = _Stillness(2 * self._stall)
        index = attempts = 0
        lost: Away | None = None
        was_frozen = False
        latest = 0.0
        while not self._closed.is_set():
            reason, frozen = "it ended", False
            pace = _Clock(time.monotonic() - began)
            try:
                with self._connect() as stream:
                    self.fps = stream.fps
                    still.restart(time.monotonic() - began)
                    for frame in stream:
                        if self._closed.is_set():
                            return
                        passed = time.monotonic() - began
                        changed = still.look(frame.image, passed)
                        now = latest = max(latest, pace.time(frame.time or 0.0, passed))
                        if still.too_long(passed):
                            reason, frozen = (
                                f"its picture stood still for {2 * self._stall:g} s",
                                True,
                            )
                            break
                        if lost is not None:
                            if was_frozen and not changed:
                                continue
                            yield Back(lost.since, clock + now, lost.reason, attempts)
                            lost, attempts = None, 0
                        yield Frame(frame.image, frame.source, index, now, clock + now)
                        index += 1
            except SourceError as error:
                reason = str(error).removeprefix(f"{self._address.shown}: ")
            if self._closed.is_set():
                return
            if lost is None:
                lost, was_frozen = Away(clock + time.monotonic() - began, reason), frozen
                yield lost
            self._closed.wait(_BACK_OFF[min(attempts, len(_BACK_OFF) - 1)])
            attempts += 1

    def close(self) -> None:
        """End it; what waits for a frame notices within ``stall`` seconds."""
        self._closed.set()


class _Clock:
    """Fits a source's own time to this machine's: what it sends first was taken when it was asked
    for it. Where the two part, this machine is right."""

    def __init__(self, opened: float) -> None:
        self._offset = opened

    def time(self, given: float, passed: float) -> float:
        late = passed - (self._offset + given)
        if not -_AHEAD <= late <= _BEHIND:
            self._offset += late
        return self._offset + given


class _Stillness:
    """Notices that a camera sends the same picture again and again: none of its pixels differ."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._last: Image | None = None
        self._since = 0.0

    def restart(self, now: float) -> None:
        """It was opened again: count from here."""
        self._since = now

    def look(self, image: Image, now: float) -> bool:
        """Whether the picture is another one than the last."""
        sample = image[::_SPARSE, ::_SPARSE]
        if self._last is not None and np.array_equal(sample, self._last):
            return False
        self._last, self._since = sample.copy(), now
        return True

    def too_long(self, now: float) -> bool:
        return now - self._since >= self._longest


def connected(address: Address, stall: float) -> Stream:
    """Open a stream or a camera of this machine."""
    options: dict[str, str] = {}
    if address.sort == "camera":
        return Stream(address.text, address.shown, "v4l2", options, stall)
    if address.text.lower().startswith("rtsp"):
        # Over TCP no packet is lost, and firewalls let it through.
        options["rtsp_transport"] = "tcp"
    return Stream(address.text, address.shown, None, options, stall)
