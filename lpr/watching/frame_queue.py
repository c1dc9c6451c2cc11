"""Between two threads: a queue of frames that either makes its writer wait or lets old ones go."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from lpr.types import Frame

T = TypeVar("T")


class FrameQueue(Generic[T]):
    """Holds ``size`` frames. Where it is full, :meth:`put` waits or, with ``drop``, throws the
    oldest frame away; nothing but frames is ever thrown away. Once closed it takes no more."""

    def __init__(self, size: int, drop: bool) -> None:
        self._size = size
        self._drop = drop
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: T) -> int:
        """Add an item; returns how many frames had to go for it (1 where it is closed)."""
        with self._changed:
            if not self._drop:
                self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            if self._closed:
                return 1
            gone = 0
            if isinstance(item, Frame) and len(self._items) >= self._size:
                oldest = next((old for old in self._items if isinstance(old, Frame)), None)
                if oldest is not None:
                    self._items.remove(oldest)
                    gone = 1
            self._items.append(item)
            self._changed.notify_all()
            return gone

    def get(self, wait: bool) -> T | None:
        """The oldest item; None where there is none and nobody wants to ``wait``."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: bool(self._items))
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def finish(self, last: T) -> None:
        """Add the last item, after which nothing is taken."""
        with self._changed:
            self._items.append(last)
            self._closed = True
            self._changed.notify_all()

    def close(self) -> None:
        """Take nothing more; what is in it can still be had."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
