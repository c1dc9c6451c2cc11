"""A queue on disk: what cannot be delivered now is delivered later, after a restart too."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from lpr.errors import LprError, OutputError, describe
from lpr.utils.closing import Closeable
from lpr.utils.files import state_folder, write_durably

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

FIRST_PAUSE = 0.5
"""Seconds before the second attempt to deliver; each pause is twice the one before."""

LONGEST_PAUSE = 30.0
"""Seconds between two attempts, at most."""

_ENTRY = ".json"
_REJECTED = "rejected"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be delivered: a JSON object and binary parts by name. ``id`` names it for ever: an
    entry may be delivered twice, if the process is killed in between."""

    id: str
    data: Mapping[str, Any]
    parts: Mapping[str, bytes] = field(default_factory=dict)


class Spool(Closeable):
    """Entries in files below ``folder``, delivered one after the other by a thread.

    :meth:`put` returns as soon as the disk has the entry; then it outlives the process and the
    machine. ``deliver`` takes one entry. If it raises :class:`lpr.errors.LprError`, it is called
    again after a pause, and all later entries wait: they arrive in order. If it raises
    ``ValueError``, the entry itself is at fault: its file moves to ``rejected``, and the next one's
    turn comes. ``report`` takes messages, the first failure of a row and the first success after
    it.

    Each process has a folder of its own below ``folder``. What a killed process left is delivered
    by the next one.
    """

    def __init__(
        self,
        folder: Path,
        deliver: Callable[[Entry], None],
        report: Callable[[str], None],
        name: str,
    ) -> None:
        self._deliver, self._report, self._name = deliver, report, name
        try:
            self._folder, self._lock = _own_folder(folder)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be used: {error.strerror}") from error
        self._arrived = threading.Condition()
        self._closing = False
        self._number = max((_number(path) for path in self._entries()), default=-1) + 1
        self._waiting = len(self._entries())
        self._thread = threading.Thread(target=self._run, name=f"spool {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """The number of entries that were not yet delivered."""
        return self._waiting

    def put(self, entry: Entry) -> None:
        """Write an entry to the disk. Raises :class:`lpr.errors.OutputError` if that fails."""
        content = json.dumps(
            {
                "id": entry.id,
                "data": dict(entry.data),
                "parts": {k: base64.b64encode(v).decode() for k, v in entry.parts.items()},
            },
            ensure_ascii=False,
        )
        with self._arrived:
            path = self._folder / f"{self._number:012d}{_ENTRY}"
            try:
                write_durably(path, content.encode())
            except OSError as error:
                raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
            self._number += 1
            self._waiting += 1
            self._arrived.notify()

    def drain(self, seconds: float) -> bool:
        """Wait until all entries are delivered, at most ``seconds``; whether they are."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._waiting == 0, seconds)

    def _run(self) -> None:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._waiting > 0 or self._closing)
                if self._closing:
                    return
            for path in self._entries():
                if not self._deliver_file(path):
                    return

    def _deliver_file(self, path: Path) -> bool:
        """Deliver the entry of a file, however long it takes; False if the spool closes first."""
        pause, failing = FIRST_PAUSE, False
        while True:
            try:
                self._deliver(_read(path))
            except ValueError as error:
                self._reject(path, error)
                break
            except Exception as error:
                if not failing:
                    reason = str(error) if isinstance(error, LprError) else describe(error)
                    self._report(f"{self._name}: {reason}; trying again")
                failing = True
                with self._arrived:
                    if self._arrived.wait_for(lambda: self._closing, pause):
                        return False
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                path.unlink(missing_ok=True)
                if failing:
                    self._report(f"{self._name}: works again")
                break
        with self._arrived:
            self._waiting -= 1
            self._arrived.notify_all()
            return not self._closing

    def _reject(self, path: Path, error: Exception) -> None:
        folder = self._folder.parent / _REJECTED
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            path.rename(folder / f"{time.time_ns()}{_ENTRY}")
        self._report(f"{self._name}: an entry was refused, see {folder}: {describe(error)}")

    def _entries(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_ENTRY}"))

    def close(self) -> None:
        """End the thread, after the attempt that it is at; what waits stays on the disk, for the
        next process."""
        with self._arrived:
            self._closing = True
            self._arrived.notify_all()
        self._thread.join()
        self._lock.close()
        if self._waiting:
            self._report(f"{self._name}: {self._waiting} wait on the disk for the next run")


def spool_folder(address: str) -> Path:
    """Where the entries for ``address`` wait, below :func:`lpr.utils.files.state_folder`."""
    return state_folder() / "spool" / hashlib.sha256(address.encode()).hexdigest()[:16]


def _own_folder(folder: Path) -> tuple[Path, IO[str]]:
    """A folder that no other process uses, with the entries that killed processes left."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = sorted(path for path in folder.iterdir() if path.name.isdigit())
    own: tuple[Path, IO[str]] | None = None
    for candidate in known:
        lock = (candidate / _LOCK).open("a")
        if not _locked(lock):
            lock.close()
        elif own is None:
            own = candidate, lock
        else:
            _move_entries(candidate, own[0])
            lock.close()
    number = max((int(path.name) for path in known), default=-1)
    while own is None:
        number += 1
        candidate = folder / str(number)
        candidate.mkdir(exist_ok=True, mode=0o700)
        lock = (candidate / _LOCK).open("a")
        own = (candidate, lock) if _locked(lock) else None
    return own


def _move_entries(source: Path, target: Path) -> None:
    number = max((_number(path) for path in target.glob(f"*{_ENTRY}")), default=-1) + 1
    for offset, path in enumerate(sorted(source.glob(f"*{_ENTRY}"))):
        path.rename(target / f"{number + offset:012d}{_ENTRY}")


def _locked(file: IO[str]) -> bool:
    """Lock a file until it is closed; False if another process has it."""
    if fcntl is None:  # Windows: one process a folder is the user's affair
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else -1


def _read(path: Path) -> Entry:
    """The entry of a file; raises ``ValueError`` if it is damaged."""
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError("is no entry of a spool")
    try:
        parts = {k: base64.b64decode(v) for k, v in content["parts"].items()}
        return Entry(content["id"], content["data"], parts)
    except (KeyError, AttributeError, TypeError) as error:
        raise ValueError("is no entry of a spool") from error
