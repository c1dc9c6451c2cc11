"""The errors of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from lpr.errors import LprError


class StoreError(LprError):
    """The store cannot be used as asked."""


class UnavailableError(StoreError):
    """The database does not answer now; the same call may succeed later."""


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the database's errors in the block into a :class:`StoreError` about the store ``name``,
    without statements, values or passwords."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise UnavailableError(f"{name}: {_cause(error)}") from error
    except DBAPIError as error:
        kind = UnavailableError if error.connection_invalidated else StoreError
        raise kind(f"{name}: {_cause(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{name}: {type(error).__name__}") from error


def _cause(error: DBAPIError) -> str:
    """The driver's message, its first line: the rest can hold statements and values."""
    text = str(error.orig).strip()
    return text.splitlines()[0] if text else type(error.orig).__name__
