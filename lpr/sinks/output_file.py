"""Files of records: whole records only, one writer, and no old records lost."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TextIO, TypeAlias, cast

from lpr.errors import OutputError
from lpr.sinks.paths import refuse_sources

try:
    import fcntl
except ImportError:  # Windows has no advisory locks
    fcntl = None  # type: ignore[assignment]

OutputMode: TypeAlias = Literal["new", "append", "overwrite"]
"""What happens to records in the file: they are an error, are kept, or are removed."""

_BINARY = getattr(os, "O_BINARY", 0)  # Else Windows ends lines with CR LF
_FLUSH_AT = 1 << 16  # Bytes after which records are written even if their sink does not flush


class RecordStream(io.TextIOBase):
    """A text stream (UTF-8) over the file descriptor ``fd``, which it closes.

    What is written between two flushes reaches a regular file whole or not at all: if the disk is
    full, the part that fitted is removed again. With ``fsync``, each flush reaches the disk.
    """

    encoding = "utf-8"

    def __init__(self, fd: int, name: str, *, fsync: bool = False, start: int = 0) -> None:
        """Positions count from the byte ``start`` of the file."""
        self._fd = fd
        self._start = start
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._regular = stat.S_ISREG(os.fstat(fd).st_mode)
        self._fsync = fsync and self._regular
        self.name = name

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def tell(self) -> int:
        """The bytes of records that are there, also those of earlier runs; 0 for pipes and
        devices: a sink that finds some does not repeat its header."""
        size = os.fstat(self._fd).st_size - self._start if self._regular else 0
        return size + self._pending_size

    def write(self, text: str) -> int:
        data = text.encode("utf-8")
        self._pending.append(data)
        self._pending_size += len(data)
        if self._pending_size >= _FLUSH_AT and data.endswith(b"\n"):
            self.flush()
        return len(text)

    def flush(self) -> None:
        data, self._pending, self._pending_size = b"".join(self._pending), [], 0
        if not data:
            return
        start = os.fstat(self._fd).st_size if self._regular else 0
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, memoryview(data)[written:])
            if self._fsync:
                os.fsync(self._fd)
        except OSError:
            # If somebody else has written behind us, nothing is taken back.
            if self._regular and os.fstat(self._fd).st_size == start + written:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, start)
                    if os.lseek(self._fd, 0, os.SEEK_CUR) > start:
                        os.lseek(self._fd, start, os.SEEK_SET)
            raise

    def close(self) -> None:
        if self.closed:
            return
        try:
            self.flush()
        finally:
            os.close(self._fd)
            self._fd = -1
            # TextIOBase.close() would flush once more.
            self.flush = lambda: None  # type: ignore[method-assign]
            super().close()


@contextlib.contextmanager
def open_output(
    path: Path,
    sources: Iterable[str] = (),
    mode: OutputMode = "overwrite",
    *,
    fsync: bool = False,
    begins: str = "",
) -> Iterator[TextIO]:
    """Open ``path`` for records (UTF-8, the same bytes on every system): :class:`RecordStream`.

    Records are appended only to a file that ``begins`` like theirs. An unfinished last line is
    removed before: it is part of a record that a loss of power cut off. Pipes and devices are
    written to as they are.

    Raises :class:`lpr.errors.OutputError` if ``path`` cannot be written, if another program writes
    it, if it holds something and ``mode`` is ``new``, if it holds something else than records and
    ``mode`` is ``append``, or if it is one of ``sources``.
    """
    refuse_sources([path], sources)
    with _errors_named(path):
        fd = (
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o666)
            if _may_be_regular(path)
            else os.open(path, os.O_WRONLY | _BINARY)
        )
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            _lock(fd, path)
            with _errors_named(path):
                _prepare(fd, path, mode, begins)
    except BaseException:
        os.close(fd)
        raise
    stream = RecordStream(fd, str(path), fsync=fsync)
    try:
        yield cast(TextIO, stream)
    finally:
        # put() has flushed every record and reported its errors: nothing is left to fail here.
        with contextlib.suppress(OSError):
            stream.close()


def _may_be_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _lock(fd: int, path: Path) -> None:
    """Refuse a second writer; the lock ends with the descriptor, however the program ends."""
    if fcntl is None:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(
            f"{path}: another program is writing this file; name another one"
        ) from error
    except OSError:
        pass  # A file system without locks


def _prepare(fd: int, path: Path, mode: OutputMode, begins: str) -> None:
    size = os.fstat(fd).st_size
    if not size:
        return
    if mode == "new":
        raise OutputError(
            f"{path}: there are records in this file; add --append, --overwrite or --resume, or "
            "name another file"
        )
    if mode == "overwrite":
        os.ftruncate(fd, 0)
        return
    expected = begins.encode()
    os.lseek(fd, 0, os.SEEK_SET)
    found = os.read(fd, len(expected))
    if found != expected[: len(found)]:
        raise OutputError(
            f"{path}: there is something else than such records in this file; name another one"
        )
    end = _end_of_last_line(fd, size)
    if end < size and not _is_complete(os.pread(fd, size - end, end), begins):
        os.ftruncate(fd, end)
    elif end < size:
        os.write(fd, b"\n")


def _is_complete(line: bytes, begins: str) -> bool:
    """Whether a last line lacks nothing but its end; lines of unknown formats count as complete."""
    if not begins:
        return True
    try:
        json.loads(line)
    except ValueError:
        return False
    return line.startswith(b"{")


def _end_of_last_line(fd: int, size: int) -> int:
    """The size of the file without an unfinished last line."""
    end = size
    while end > 0:
        start = max(end - 65536, 0)
        found = os.pread(fd, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


@contextlib.contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise OutputError(f"{path}: there is no folder {path.parent}; make it first") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def standard_output(*, fsync: bool = False) -> TextIO:
    """Standard output, for records. Raises :class:`lpr.errors.OutputError` if it is closed."""
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with --output")
    # Records are UTF-8 by contract, whatever the locale says.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        fd = sys.stdout.fileno()
        if stat.S_ISREG(os.fstat(fd).st_mode):
            sys.stdout.flush()
            start = os.fstat(fd).st_size
            stream = RecordStream(os.dup(fd), "standard output", fsync=fsync, start=start)
            return cast(TextIO, stream)
    except (OSError, ValueError):
        pass  # Not a file of the system, such as a notebook's or a test's
    return sys.stdout
