"""The tables. All times are milliseconds since 1970 (UTC).

``lpr_store/migrations`` makes them; a test checks that both agree.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of the type INTEGER.
_ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")

sightings = Table(
    "sightings",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True, autoincrement=True),
    # Names the sighting for ever: whoever delivers it twice delivers it once.
    Column("uid", String(64), nullable=False, unique=True),
    Column("camera", String(200), nullable=False),
    Column("source", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("text", String(64), nullable=False),
    Column("display", String(80)),
    Column("region", String(16)),
    Column("kind", String(32)),
    Column("confidence", Float, nullable=False),
    Column("direction", String(16)),
    # When the vehicle was first and last seen; when the store received it, for recordings without
    # a clock.
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("frame_file", String(200)),
    Column("plate_file", String(200)),
    # The bytes of both pictures.
    Column("size", BigInteger, nullable=False),
    # Rises with every change of any sighting, in the order of the transactions.
    Column("revision", BigInteger, nullable=False, unique=True),
    # The whole record as JSON (docs/output.md).
    Column("record", Text, nullable=False),
    Index(None, "text", "first"),
    Index(None, "camera", "first"),
    Index(None, "first"),
    sqlite_autoincrement=True,  # never reuses the number of an erased row
)

plates = Table(
    "plates",
    metadata,
    Column("text", String(64), primary_key=True),
    Column("sightings", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)
"""Each text that any sighting has. Searches by pattern look here: a text is seen many times."""

symbols = Table("symbols", metadata, Column("symbol", String(1), primary_key=True))
"""Each character of any text: what a misread character can have been."""

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Numbers that transactions take in the order in which they commit: who raises a counter holds its
row until the end of its transaction."""

audit = Table(
    "audit",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True, autoincrement=True),
    Column("time", BigInteger, nullable=False, index=True),
    Column("who", String(200), nullable=False),
    Column("action", String(32), nullable=False),
    Column("about", Text, nullable=False),
)
"""Who looked, exported or erased."""
