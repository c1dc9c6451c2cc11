"""The pictures of sightings, in a folder or a bucket."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lpr.utils.files import write_durably
from lpr_store.errors import StoreError, UnavailableError

ORPHAN_AGE = 3600.0
"""Seconds after which a picture without a row is an orphan: its row follows at once."""

_BATCH = 500  # Names of one question to the database


class Pictures:
    """JPEG files below ``address``: a folder, or what fsspec opens (``s3://bucket/plates``).

    A picture is written whole before the row that names it, and removed after that row. So every
    row has its pictures, and a crash leaves at most a picture without a row, which
    :meth:`sweep` removes.
    """

    def __init__(self, address: str | os.PathLike[str]) -> None:
        try:
            self._files, self._root = fsspec.core.url_to_fs(os.fspath(address))
        except (ImportError, ValueError) as error:
            raise StoreError(f"pictures: {error}") from error
        self._local = isinstance(self._files, LocalFileSystem)

    def write(self, name: str, data: bytes) -> None:
        """Write a picture; when this returns, the disk or the bucket has it."""
        path = self._path(name)
        with _translated(name):
            if self._local:
                file = Path(path)
                file.parent.mkdir(parents=True, exist_ok=True)
                write_durably(file, data)
            else:
                self._files.pipe_file(path, data)

    def read(self, name: str) -> bytes:
        """The content of a picture; raises ``FileNotFoundError`` if it has been removed."""
        with _translated(name):
            return bytes(self._files.cat_file(self._path(name)))

    def remove(self, names: Collection[str]) -> int:
        """Remove pictures, if they are there; returns their number."""
        removed = 0
        for name in names:
            with _translated(name), contextlib.suppress(FileNotFoundError):
                self._files.rm_file(self._path(name))
                removed += 1
        return removed

    def sweep(
        self, known: Callable[[Sequence[str]], Collection[str]], age: float = ORPHAN_AGE
    ) -> int:
        """Remove the pictures older than ``age`` seconds that have no row; returns their number.

        ``known`` gives those of some names that have one. It is asked after the pictures were
        listed, so that no row can be missed.
        """
        limit = time.time() - age
        old = [name for name, changed in self._all() if changed < limit]
        removed = 0
        for start in range(0, len(old), _BATCH):
            names = old[start : start + _BATCH]
            rows = known(names)
            removed += self.remove([name for name in names if name not in rows])
        return removed

    def _all(self) -> Iterator[tuple[str, float]]:
        with _translated(self._root):
            found = self._files.find(self._root, detail=True)
        for path, about in found.items():
            changed = about.get("mtime") or about.get("LastModified") or about.get("created") or 0.0
            stamp = changed if isinstance(changed, int | float) else changed.timestamp()
            yield str(path)[len(self._root) :].lstrip("/"), float(stamp)

    def _path(self, name: str) -> str:
        if name.startswith("/") or ".." in name.split("/"):
            raise StoreError(f"{name}: is no picture of the store")
        return f"{self._root.rstrip('/')}/{name}"


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnavailableError(f"picture {name}: {error.strerror or error}") from error
