"""Pictures of many requests through one pool of readers."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from lpr.loading import load_pool
from lpr.reader import Reader
from lpr.reader_pool import ReaderPool
from lpr.types import Frame, Image, Plate
from lpr.utils.closing import Closeable


class BusyError(Exception):
    """Too many pictures wait; try again after ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"busy; try again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """The plates of a picture, its size in pixels, and the seconds that reading took."""

    plates: list[Plate]
    width: int
    height: int
    seconds: float


class ReadingService(Closeable):
    """Reads pictures with one reader per core; at most ``queue`` pictures wait or are read."""

    def __init__(self, model: str, regions: str | None, readers: int, queue: int) -> None:
        self.readers = load_pool(
            readers or os.cpu_count() or 1,
            model,
            scale=1.0,
            regions=None if regions is None else regions.split(","),
        )
        self._pool: ReaderPool[Answer] = ReaderPool(self.readers, _read)
        self._queue = queue
        self._lock = threading.Lock()
        self._under_way = 0
        self._mean = 0.05  # Seconds a picture takes one reader; follows what is measured
        self.calls = 0

    @property
    def under_way(self) -> int:
        """The pictures that wait or are read."""
        return self._under_way

    async def read(self, image: Image) -> Answer:
        """The plates of a picture. Raises :class:`BusyError` if too many wait."""
        with self._lock:
            if self._under_way >= self._queue:
                wait = self._mean * self._under_way / len(self.readers)
                raise BusyError(max(1, round(wait)))
            self._under_way += 1
        future = self._pool.submit(Frame(image, "request"))
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, future: Future[Answer]) -> None:
        with self._lock:
            self._under_way -= 1
            self.calls += 1
            if not future.cancelled() and future.exception() is None:
                self._mean += (future.result().seconds - self._mean) / 16

    def close(self) -> None:
        """End the threads and close the readers."""
        self._pool.close()
        for reader in self.readers:
            reader.close()


def _read(reader: Reader, frames: Sequence[Frame]) -> list[Answer]:
    began = time.perf_counter()
    found = reader.read_batch([frame.image for frame in frames])
    seconds = (time.perf_counter() - began) / len(frames)
    return [
        Answer(list(plates), frame.width, frame.height, seconds)
        for frame, plates in zip(frames, found, strict=True)
    ]
