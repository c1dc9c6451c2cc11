"""Sightings, plates, changes and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "sightings",
        sa.Column("id", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(200), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("text", sa.String(64), nullable=False),
        sa.Column("display", sa.String(80)),
        sa.Column("region", sa.String(16)),
        sa.Column("kind", sa.String(32)),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("direction", sa.String(16)),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("frame_file", sa.String(200)),
        sa.Column("plate_file", sa.String(200)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sightings"),
        sa.UniqueConstraint("uid", name="uq_sightings_uid"),
        sa.UniqueConstraint("revision", name="uq_sightings_revision"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sightings_text_first", "sightings", ["text", "first"])
    op.create_index("ix_sightings_camera_first", "sightings", ["camera", "first"])
    op.create_index("ix_sightings_first", "sightings", ["first"])
    op.create_table(
        "plates",
        sa.Column("text", sa.String(64), nullable=False),
        sa.Column("sightings", sa.BigInteger, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("text", name="pk_plates"),
    )
    op.create_table(
        "symbols",
        sa.Column("symbol", sa.String(1), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name="pk_symbols"),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(counters, [{"name": "revision", "value": 0}])
    op.create_table(
        "audit",
        sa.Column("id", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_time", "audit", ["time"])
