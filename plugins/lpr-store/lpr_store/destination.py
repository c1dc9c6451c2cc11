"""``lpr watch --to sqlite:///plates.db``: the sightings of a watch into a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lpr.errors import LprError
from lpr.utils.closing import Closeable
from lpr.utils.files import state_folder
from lpr.utils.spool import Entry, Spool, spool_folder
from lpr_store.errors import UnavailableError

_DRAIN = 5.0  # Seconds at the end of a watch for what still waits; the disk keeps the rest


class StoreDestination:
    """The destination of ``sqlite:///FILE`` and ``postgresql://HOST/NAME``.

    A parameter ``pictures`` names the folder or bucket of the pictures, as in
    ``sqlite:///plates.db?pictures=s3://bucket/plates``. By default they lie beside an SQLite file,
    in ``plates.db-pictures``, and for PostgreSQL in the user's state folder.
    """

    name = "store"
    schemes = frozenset({"sqlite", "postgresql"})

    def problem(self) -> str | None:
        """SQLite is Python's own; a missing driver of PostgreSQL shows when it is opened."""
        return None

    def open(self, address: str, report: Callable[[str], None]) -> StorePublisher:
        """See :class:`lpr.protocols.Destination`. An SQLite file that cannot be used is an error at
        once; a PostgreSQL server may be away."""
        return StorePublisher(address, report)


class StorePublisher(Closeable):
    """Writes each sighting to the disk, then to the store: none is lost while that is away, and the
    store knows the ones that it has."""

    def __init__(self, address: str, report: Callable[[str], None]) -> None:
        # Imported late: SQLAlchemy takes time, and most commands need no store.
        from lpr_store.store import Store

        self._open = Store
        self._address, self._pictures = split_pictures(address)
        self._store: Store | None = None
        try:
            self._connected()
        except UnavailableError as error:
            report(f"{error}; sightings wait on the disk")
        self._spool = Spool(
            spool_folder(address), self._deliver, report, f"--to {address.partition(':')[0]}"
        )

    def _connected(self) -> Any:
        if self._store is None:
            self._store = self._open(self._address, self._pictures)
        return self._store

    def sighting(self, uid: str, record: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        """See :class:`lpr.protocols.Publisher`."""
        self._spool.put(Entry(uid, dict(record), pictures))

    def gap(self, record: Mapping[str, Any]) -> None:
        """A store has no gaps: ``--output`` keeps them."""

    def _deliver(self, entry: Entry) -> None:
        store = self._connected()
        try:
            if entry.data["status"] == "withdrawn":
                store.withdraw(entry.id)
            else:
                store.add(entry.id, entry.data, entry.parts)
        except LprError:
            raise
        except (KeyError, TypeError) as error:
            raise ValueError(f"is no sighting: {error!r}") from error

    def close(self) -> None:
        """Wait shortly for what is under way; the rest is stored by the next watch."""
        self._spool.drain(_DRAIN)
        self._spool.close()
        if self._store is not None:
            self._store.close()


def split_pictures(address: str) -> tuple[str, str]:
    """The database's address, and where its pictures lie."""
    base, _, query = address.partition("?")
    parameters = [each for each in query.split("&") if each]
    given = [each[9:] for each in parameters if each.startswith("pictures=")]
    rest = [each for each in parameters if not each.startswith("pictures=")]
    database = f"{base}?{'&'.join(rest)}" if rest else base
    if given:
        return database, given[-1]
    if base.startswith("sqlite:///"):
        return database, f"{base.removeprefix('sqlite:///')}-pictures"
    return database, str(Path(state_folder()) / "pictures")
