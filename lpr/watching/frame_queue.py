"""A bounded queue of frames between two threads."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from lpr.types import Frame

T = TypeVar("T")


class FrameQueue(Generic[T]):
    """Holds ``size`` items. A full queue blocks the producer or, with ``drop``, discards its oldest
    frame (live sources). Items other than frames are never discarded."""

    def __init__(self, size: int, drop: bool) -> None:
        self._size = size
        self._drop = drop
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: T) -> int:
        """Add an item. Returns how many frames were discarded; a closed queue discards ``item``."""
        with self._changed:
            if not self._drop:
                self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            if self._closed:
                return 1
            dropped = 0
            if isinstance(item, Frame) and len(self._items) >= self._size:
                oldest = next((old for old in self._items if isinstance(old, Frame)), None)
                if oldest is not None:
                    self._items.remove(oldest)
                    dropped = 1
            self._items.append(item)
            self._changed.notify_all()
            return dropped

    def get(self, wait: bool) -> T | None:
        """Take the oldest item. Without ``wait``, None if the queue is empty."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: bool(self._items))
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self, *last: T) -> None:
        """Accept no more items after the ``last``; those in the queue can still be taken."""
        with self._changed:
            self._items.extend(last)
            self._closed = True
            self._changed.notify_all()
