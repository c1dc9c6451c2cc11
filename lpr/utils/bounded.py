"""Calls of third-party code that may never return: bounded in time, and named if they hang.

A hanging thread cannot be ended in Python, only left behind. Each call therefore runs in a daemon
thread that is used again for later calls; the handover takes about 0.05 ms.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from lpr.errors import StuckError
from lpr.utils.closing import CLOSE_TIMEOUT

T = TypeVar("T")

_BATCH_BASE, _BATCH_EACH = 30.0, 5.0  # Seconds; a general OCR on a slow board takes 2 s a plate

_POLL = 0.25  # Seconds between looks at the stop event
_AFTER_INTERRUPT = 2.0  # Seconds for a call to end after Ctrl-C, before its object is closed

_STOP: ContextVar[threading.Event | None] = ContextVar("stop", default=None)
_idle: list[_Worker] = []
_stuck: dict[int, object] = {}  # Objects with a call that was left behind, by their id


def is_third_party(owner: object) -> bool:
    """Whether an object's class is not lpr's own, so that its calls have to be bounded."""
    return type(owner).__module__.partition(".")[0] != "lpr"


def is_stuck(owner: object) -> bool:
    """Whether a call of ``owner`` was left behind: it must not be closed, and was reported."""
    return id(owner) in _stuck


def batch_timeout(count: int) -> float:
    """Seconds after which a network or recognizer hangs that was given ``count`` pictures."""
    return _BATCH_BASE + _BATCH_EACH * count


@contextmanager
def stopped_by(event: threading.Event) -> Iterator[None]:
    """From when ``event`` is set, bounded calls in the block have 10 s (``CLOSE_TIMEOUT``) left."""
    token = _STOP.set(event)
    try:
        yield
    finally:
        _STOP.reset(token)


def call_bounded(name: str, seconds: float, call: Callable[[], T], owner: object = None) -> T:
    """The result of ``call()``, or what it raises.

    Raises :class:`lpr.errors.StuckError`, which begins with ``name``, after ``seconds``, and from
    then on at once for any call of the same ``owner``.
    """
    if owner is not None and id(owner) in _stuck:
        raise StuckError(f"{name} still hangs in an earlier call")
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
        worker.start()
    task = _Task(call)
    worker.tasks.put(task)
    try:
        finished = _wait(task.done, seconds)
    except BaseException:
        task.done.wait(_AFTER_INTERRUPT)
        raise
    if not finished:
        if owner is not None:
            _stuck[id(owner)] = owner
        raise StuckError(f"{name} did not return in time (it hangs) and was left behind")
    if task.error is not None:
        raise task.error
    return cast(T, task.result)


def _wait(done: threading.Event, seconds: float) -> bool:
    """Wait for ``done``, at most ``seconds``, or :data:`CLOSE_TIMEOUT` after the stop."""
    stop = _STOP.get()
    if stop is None:
        return done.wait(seconds)
    deadline = time.monotonic() + seconds
    stopping = False
    while not done.wait(min(_POLL, max(deadline - time.monotonic(), 0))):
        now = time.monotonic()
        if now >= deadline:
            return False
        if stop.is_set() and not stopping:
            stopping, deadline = True, min(deadline, now + CLOSE_TIMEOUT)
    return True


class _Task:
    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.context = copy_context()
        self.done = threading.Event()
        self.result: object = None
        self.error: BaseException | None = None


class _Worker(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="bounded call", daemon=True)
        self.tasks: SimpleQueue[Any] = SimpleQueue()

    def run(self) -> None:
        while True:
            task: _Task = self.tasks.get()
            # New threads inherit this: those that a plugin starts are waited for at exit, as if the
            # main thread had started them. This one is not, which is settled at its start.
            self._daemonic = False
            try:
                task.result = task.context.run(task.call)
            except BaseException as error:
                task.error = error
            self._daemonic = True
            # First idle, then done: a caller in a loop finds the same thread again.
            _idle.append(self)
            task.done.set()
            del task  # which holds the last result


# The threads of a parent do not exist in its forked child.
os.register_at_fork(after_in_child=_idle.clear)
