"""Keeps the sightings of lpr in SQLite or PostgreSQL, and finds them again.

::

    from lpr_store import Query, Store

    with Store("sqlite:///plates.db", "plates") as store:
        for sighting in store.find(Query(text="BCD*", since=...)).sightings:
            print(sighting.text, sighting.camera, sighting.first)
"""

from lpr_store.errors import StoreError, UnavailableError
from lpr_store.query import Query
from lpr_store.store import AuditEntry, Page, PlateCount, Receipt, Store, StoredSighting, row_of

__all__ = [
    "AuditEntry",
    "Page",
    "PlateCount",
    "Query",
    "Receipt",
    "Store",
    "StoreError",
    "StoredSighting",
    "UnavailableError",
    "row_of",
]
