"""Readers in threads of their own: frames in, results out, in the order of the frames."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar, cast

from lpr.errors import LprError
from lpr.reader import Reader
from lpr.types import Frame, Plate, Timing
from lpr.utils.bounded import stopped_by
from lpr.utils.closing import Closeable
from lpr.utils.timing import measuring

T = TypeVar("T")

Job: TypeAlias = Callable[[Reader, Sequence[Frame]], list[T]]
"""Gives the result of each frame, in order."""

AHEAD = 2
"""Batches per reader that are decoded ahead: one that it processes and one that waits, so that
neither decoding nor reading waits for the other."""


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """A frame with its plates, and the time that its reading took; or the error that prevented
    it."""

    frame: Frame
    plates: list[Plate]
    timing: Timing
    error: Exception | None = None


class ReaderPool(Closeable, Generic[T]):
    """One thread per reader. Whichever reader is idle takes the next frames, at most
    its ``batch``.

    A reader takes the frames that wait and does not wait for more, so that a live source is never
    delayed. The caller closes the readers.
    """

    def __init__(self, readers: Sequence[Reader], job: Job[T]) -> None:
        self._job = job
        self._batch = readers[0].batch
        self._waiting: queue.SimpleQueue[tuple[Frame, Future[T]] | None] = queue.SimpleQueue()
        self._closed = False
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(reader,), name="reader", daemon=True)
            for reader in readers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def capacity(self) -> int:
        """The number of frames in flight at which no reader waits."""
        return AHEAD * self._batch * len(self._threads)

    def submit(self, frame: Frame) -> Future[T]:
        """Queue a frame. The future has the job's result or its error."""
        future: Future[T] = Future()
        self._waiting.put((frame, future))
        return future

    def _run(self, reader: Reader) -> None:
        while batch := self._take():
            frames = [frame for frame, _ in batch]
            try:
                with stopped_by(self._stopped):
                    results = self._job(reader, frames)
            except BaseException as error:
                for _, future in batch:
                    future.set_exception(error)
            else:
                for (_, future), result in zip(batch, results, strict=True):
                    future.set_result(result)

    def _take(self) -> list[tuple[Frame, Future[T]]]:
        """The frames that wait, at least one; none at the end."""
        taken: list[tuple[Frame, Future[T]]] = []
        while len(taken) < self._batch:
            try:
                item = self._waiting.get(block=not taken)
            except queue.Empty:
                break
            if item is None:
                self._waiting.put(None)  # for the other threads
                break
            if self._closed:
                item[1].cancel()
            elif item[1].set_running_or_notify_cancel():
                taken.append(item)
        return taken

    def stop(self) -> None:
        """Give up frames whose reading hangs, after ``CLOSE_TIMEOUT``. A signal handler may call
        this."""
        self._stopped.set()

    def close(self) -> None:
        """Cancel the frames that wait, and end the threads."""
        self.stop()
        self._closed = True
        self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        while not self._waiting.empty():
            item = self._waiting.get()
            if item is not None:
                item[1].cancel()


def read_frames(
    readers: Sequence[Reader], items: Iterable[Frame | T]
) -> Generator[ReadFrame | T, None, None]:
    """Read the plates of the frames among ``items`` with all ``readers``.

    Results come in the order of the items; whatever is not a frame is passed on. A thread iterates
    over the items, and thus decodes ahead of the readers. Closing the iterator ends the threads.
    """
    with ReaderPool(readers, _read) as pool, _Ahead(items, pool) as ahead:
        for item, future in ahead:
            if future is None:
                yield cast(T, item)
            else:
                yield _result(cast(Frame, item), future)


def read_in_turn(
    reader: Reader, items: Iterable[Frame | T]
) -> Generator[ReadFrame | T, None, None]:
    """As :func:`read_frames`, frame by frame in the caller's thread: for a live source, whose next
    frame may never come, and for a single picture."""
    for item in items:
        if not isinstance(item, Frame):
            yield item
            continue
        try:
            [(plates, timing)] = _read(reader, [item])
            yield ReadFrame(item, plates, timing)
        except (LprError, MemoryError) as error:
            yield ReadFrame(item, [], Timing(0.0, {}), error)


_Outcome: TypeAlias = tuple[list[Plate], Timing]


def _read(reader: Reader, frames: Sequence[Frame]) -> list[_Outcome]:
    with measuring() as clock:
        plates = reader.read_batch([frame.image for frame in frames])
    timing = clock.timing().shared(len(frames))
    return [(found, timing) for found in plates]


def _result(frame: Frame, future: Future[_Outcome]) -> ReadFrame:
    try:
        return ReadFrame(frame, *future.result())
    except (LprError, MemoryError) as error:
        return ReadFrame(frame, [], Timing(0.0, {}), error)


class _Ahead(Closeable, Generic[T]):
    """Iterates over items in a thread and submits the frames, a bounded number ahead."""

    def __init__(self, items: Iterable[Frame | T], pool: ReaderPool[_Outcome]) -> None:
        self._items, self._pool = items, pool
        self._submitted: queue.SimpleQueue[
            tuple[Frame | T, Future[_Outcome] | None] | Exception | None
        ] = queue.SimpleQueue()
        self._free = threading.Semaphore(pool.capacity)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[tuple[Frame | T, Future[_Outcome] | None]]:
        while (item := self._submitted.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
            self._free.release()

    def _run(self) -> None:
        end: Exception | None = None
        try:
            for item in self._items:
                self._free.acquire()
                if self._stopped:
                    break
                future = self._pool.submit(item) if isinstance(item, Frame) else None
                self._submitted.put((item, future))
        except Exception as error:
            end = error
        self._submitted.put(end)

    def close(self) -> None:
        """End the thread, after the item that it is at."""
        self._stopped = True
        self._free.release()
        self._thread.join()
