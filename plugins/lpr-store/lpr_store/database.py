"""Connections to SQLite and PostgreSQL, and the schema in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
import sqlalchemy as sa
from alembic.config import Config
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from lpr.utils.closing import Closeable
from lpr_store.errors import StoreError, translated

_BUSY = 30.0  # Seconds that a writer waits for another one's transaction
_MIGRATING = 0x6C7072  # The advisory lock ("lpr") that a migration holds on PostgreSQL
_DIALECTS = ("sqlite", "postgresql")


class Database(Closeable):
    """An SQLite file (``sqlite:///plates.db``) or a PostgreSQL database
    (``postgresql://user:password@host/name``), with the newest schema.

    Raises :class:`lpr_store.errors.StoreError` for another address, and
    :class:`lpr_store.errors.UnavailableError` if the database cannot be reached.
    """

    def __init__(self, address: str) -> None:
        url = _parsed(address)
        self.name = url.render_as_string(hide_password=True).replace("+psycopg", "")
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            _make_folder(url)
            options: dict[str, Any] = {"connect_args": {"timeout": _BUSY}}
        else:
            options = {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}
        try:
            self._engine: Engine = sa.create_engine(url, **options)
        except ImportError as error:
            raise StoreError(
                "PostgreSQL needs a driver: pip install 'lpr-store[postgresql]'"
            ) from error
        if self.is_sqlite:
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        try:
            with translated(self.name):
                self._migrate()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading; what the block writes is not kept."""
        with translated(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection with a transaction, committed at the end of the block."""
        with translated(self.name), self._transaction() as connection:
            yield connection

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._transaction() as connection:
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
            config.attributes["connection"] = connection
            try:
                alembic.command.upgrade(config, "head")
            except alembic.util.CommandError as error:
                raise StoreError(
                    f"{self.name}: was written by a newer lpr-store; upgrade this one"
                ) from error

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with (
            self._engine.connect() as connection,
            connection.execution_options(lpr_writes=True).begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close all connections; further calls do nothing."""
        self._engine.dispose()


def _parsed(address: str) -> URL:
    try:
        url = make_url(address)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            "a store's address is sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    backend = url.get_backend_name()
    if backend not in _DIALECTS:
        raise StoreError(f"{backend}: a store is sqlite:///FILE or postgresql://HOST/NAME")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError("sqlite:// needs a file, as in sqlite:///plates.db")
    return url.set(drivername="postgresql+psycopg") if backend == "postgresql" else url


def _make_folder(url: URL) -> None:
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}") from error


def _set_up_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite alone
    for setting in (
        "journal_mode = WAL",  # readers and a writer at once
        "synchronous = FULL",  # a commit survives a power failure
        "foreign_keys = ON",
        "cache_size = -65536",  # 64 MiB
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that becomes a writer can fail at once where another writes: writers say so first.
    writes = connection.get_execution_options().get("lpr_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
