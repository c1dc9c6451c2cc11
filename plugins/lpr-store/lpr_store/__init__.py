"""Keeps the sightings of lpr in SQLite or PostgreSQL, and finds them again.

::

    from lpr_store import Query, Store

    with Store("sqlite:///plates.db", "plates.db-pictures") as store:
        for sighting in store.find(Query(text="BCD*")).sightings:
            print(sighting.text, sighting.camera, sighting.first)
"""

from __future__ import annotations

from importlib import import_module

_MODULES = {
    "AuditEntry": "store", "Page": "store", "PlateCount": "store", "Receipt": "store",
    "Store": "store", "StoredSighting": "store", "row_of": "store", "Query": "query",
    "StoreError": "errors", "UnavailableError": "errors",
}  # fmt: skip
__all__ = [*_MODULES]


def __getattr__(name: str) -> object:
    # SQLAlchemy takes 0.3 s to import; plugins are imported by every command.
    if name not in _MODULES:
        raise AttributeError(f"module 'lpr_store' has no attribute {name!r}")
    return getattr(import_module(f"lpr_store.{_MODULES[name]}"), name)
