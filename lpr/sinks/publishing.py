"""Sightings on their way to other places (``lpr watch --to``), each in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from lpr.errors import BackendError, LprError, describe
from lpr.protocols import Destination, Publisher
from lpr.sightings import Gap, Sighting
from lpr.sinks.evidence import jpeg, redacted_crop, redacted_frame
from lpr.sinks.redaction import PlateRedactor
from lpr.utils.closing import Closeable, close_with_timeout

WAITING = 200
"""Events that wait for one destination: with their frames some 1 GB at 1080p. More are dropped."""

DRAIN_TIMEOUT = 10.0
"""Seconds that a destination has for what still waits when the watch ends."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the first repetition, and at most before any: each is twice the one before."""

Report = Callable[[str], None]


class Publishers(Closeable):
    """Sends the events of a watch to several destinations.

    A destination that is slow or fails delays neither the watch nor the other ones. What cannot be
    delivered is tried again; ``report`` takes the first failure of a row and the first success
    after it. A ``redactor`` hides plates in the pictures.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        destinations: Mapping[str, Destination],
        report: Report,
        redactor: PlateRedactor | None = None,
    ) -> None:
        """Raises :class:`lpr.errors.LprError` for an address that cannot work."""
        self._run = uuid.uuid4()
        self._redactor = redactor
        self._closed = False
        self._publishers: list[_Publishing] = []
        try:
            for address in addresses:
                name, publisher = _open(address, destinations, report)
                self._publishers.append(_Publishing(name, publisher, report))
        except BaseException:
            self.close()
            raise

    def sighting(self, sighting: Sighting) -> None:
        """Queue a sighting for every destination."""
        if not self._publishers:
            return
        uid = uuid.uuid5(self._run, f"{sighting.camera}\0{sighting.number}").hex
        pictures = _Pictures(sighting, self._redactor)
        for each in self._publishers:
            each.put(partial(_deliver, each.publisher, uid, sighting, pictures))

    def gap(self, gap: Gap) -> None:
        """Queue a gap for every destination."""
        for each in self._publishers:
            each.put(partial(each.publisher.gap, gap.as_dict()))

    @property
    def failures(self) -> list[str]:
        """What was not delivered, in words; complete after :meth:`close`."""
        return [
            f"{each.name}: {each.lost} events were not delivered"
            for each in self._publishers
            if each.lost
        ]

    def close(self) -> None:
        """Deliver what waits, at most for :data:`DRAIN_TIMEOUT`, and close all; further calls do
        nothing."""
        if self._closed:
            return
        self._closed = True
        for each in self._publishers:
            each.end()
        for each in self._publishers:
            each.close()


class _Pictures:
    """The JPEG files of a sighting, made once, by the first destination that asks."""

    def __init__(self, sighting: Sighting, redactor: PlateRedactor | None) -> None:
        self._sighting, self._redactor = sighting, redactor
        self._lock = threading.Lock()
        self._files: dict[str, bytes] | None = None

    def files(self) -> dict[str, bytes]:
        with self._lock:
            if self._files is None:
                sighting, redactor = self._sighting, self._redactor
                self._files = {"plate": jpeg(redacted_crop(sighting, redactor))}
                if sighting.best.frame is not None:
                    frame = redacted_frame(sighting.best.frame, sighting, redactor)
                    self._files["frame"] = jpeg(frame)
            return dict(self._files)


def _deliver(publisher: Publisher, uid: str, sighting: Sighting, pictures: _Pictures) -> None:
    publisher.sighting(uid, sighting.as_dict(), pictures.files())


class _Publishing:
    """A publisher, its queue and its thread. ``lost`` counts the events that were given up."""

    def __init__(self, name: str, publisher: Publisher, report: Report) -> None:
        self.name, self.publisher = name, publisher
        self.lost = 0
        self._report = report
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(WAITING)
        self._ended = threading.Event()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"publish {name}", daemon=True)
        self._thread.start()

    def put(self, deliver: Callable[[], None]) -> None:
        try:
            self._waiting.put_nowait(deliver)
        except queue.Full:
            if not self.lost:
                self._report(f"{self.name}: too slow; events are dropped")
            self.lost += 1

    def _run(self) -> None:
        while not self._given_up.is_set():
            try:
                deliver = self._waiting.get(timeout=0.1)
            except queue.Empty:
                if self._ended.is_set():
                    return
                continue
            if not self._attempt(deliver):
                self.lost += 1

    def _attempt(self, deliver: Callable[[], None]) -> bool:
        """Deliver one event, however often it takes; False if the watch ends first."""
        pause, failing = FIRST_PAUSE, False
        while True:
            try:
                deliver()
            except Exception as error:
                if not failing:
                    reason = str(error) if isinstance(error, LprError) else describe(error)
                    self._report(f"{self.name} failed, the watch goes on: {reason}")
                failing = True
                if self._given_up.wait(pause):
                    return False
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if failing:
                    self._report(f"{self.name} works again")
                return True

    def end(self) -> None:
        self._ended.set()

    def close(self) -> None:
        self._thread.join(DRAIN_TIMEOUT)
        self._given_up.set()
        self._thread.join(1)
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
                self.lost += 1
        try:
            close_with_timeout(self.name, self.publisher.close)
        except LprError as error:
            self._report(str(error))


def _open(
    address: str, destinations: Mapping[str, Destination], report: Report
) -> tuple[str, Publisher]:
    """Open a destination; returns what messages call it, and the publisher."""
    scheme, separator, _ = address.partition(":")
    destination = destinations.get(scheme.lower()) if separator else None
    if destination is None:
        known = ", ".join(f"{each}://" for each in sorted(destinations))
        raise BackendError(
            f"--to {scheme if separator else address}: no plugin sends there; known are {known}"
        )
    name = f"--to {scheme}"
    problem = _problem(destination)
    if problem is not None:
        raise BackendError(f"{name}: {problem}")
    try:
        publisher = destination.open(address, report)
    except LprError:
        raise
    except Exception as error:
        raise BackendError(f"{name} ({destination.name}) failed: {describe(error)}") from error
    if not isinstance(publisher, Publisher):
        raise BackendError(
            f"{name}: {destination.name} opened {publisher!r}, which is no Publisher"
        )
    return name, publisher


def _problem(destination: Destination) -> str | None:
    try:
        return destination.problem()
    except Exception as error:
        return f"{destination.name} failed: {describe(error)}"
