"""SIGINT (Ctrl-C) and SIGTERM: a running command is interrupted, without a traceback.

A command that is still being loaded has nothing to lose and ends at once
(:mod:`lpr.utils.startup`). A running one gets a ``KeyboardInterrupt``, so that files are closed and
videos stay playable. One that is exiting ends at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

INTERRUPTED = 130
"""The exit status after an interrupt, as shells have it: 128 + SIGINT."""

_exit = os._exit
_REPEAT = 0.05  # Seconds until an interrupt that a destructor swallowed is sent again


class Interrupts:
    """The handlers of one run of the command line; :attr:`came` tells whether a signal came."""

    def __init__(self) -> None:
        self.came = False

    def raise_from_now(self) -> None:
        """Raise ``KeyboardInterrupt`` on a signal. An ignored SIGINT (``nohup``) stays ignored."""
        sys.unraisablehook = self._unraisable
        signal.signal(signal.SIGTERM, self._raise)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._raise)

    def leave_from_now(self) -> None:
        """End the process at once on a signal: the command has ended."""
        signal.signal(signal.SIGTERM, self._leave)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._leave)

    def _raise(self, number: int, frame: FrameType | None) -> NoReturn:
        self.came = True
        raise KeyboardInterrupt

    @staticmethod
    def _leave(number: int, frame: FrameType | None) -> NoReturn:
        leave(INTERRUPTED)

    @staticmethod
    def _unraisable(event: UnraisableHookArgs) -> None:
        """Repeat an interrupt that came in a destructor, where no exception can be raised."""
        if issubclass(event.exc_type, KeyboardInterrupt):
            again = threading.Timer(_REPEAT, signal.raise_signal, [signal.SIGINT])
            again.daemon = True
            again.start()
        else:
            sys.__unraisablehook__(event)


def leave(status: int) -> NoReturn:
    """Exit without waiting for threads, some of which may never end."""
    for stream in (sys.stdout, sys.stderr):
        # RuntimeError: the signal came while the stream was being written.
        with contextlib.suppress(AttributeError, OSError, RuntimeError, ValueError):
            stream.flush()
    _exit(status)
