"""Sightings in a database, their pictures beside it."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from lpr.utils.closing import Closeable
from lpr_store.database import Database
from lpr_store.pictures import Pictures
from lpr_store.query import Query
from lpr_store.similar import distance
from lpr_store.tables import audit, counters, plates, sightings, symbols

_BATCH = 500  # Rows of one transaction of a long job: others write between two
_COLUMNS = [column for column in sightings.c if column.name != "revision"]


@dataclass(frozen=True, slots=True)
class StoredSighting:
    """A row of the store. Times are milliseconds since 1970 (UTC); ``record`` is the whole record
    (docs/output.md); ``frame`` and ``plate`` name pictures, if there are any. ``distance`` is that
    of the text from the one that was looked for, None unless similar ones were."""

    id: int
    uid: str
    camera: str
    source: str
    status: str
    text: str
    display: str | None
    region: str | None
    kind: str | None
    confidence: float
    direction: str | None
    first: int
    last: int
    received: int
    frame_file: str | None
    plate_file: str | None
    size: int
    record: dict[str, Any]
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some sightings, and where the next page begins: None at the end."""

    sightings: list[StoredSighting]
    next: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class PlateCount:
    """A text, how many sightings have it, and when it was first and last seen (ms since 1970)."""

    text: str
    sightings: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure removed. ``digest`` is the SHA-256 of ``salt + text``. The store keeps the
    digest alone: it tells nothing without the salt, and with both, the holder of the receipt can
    prove which plate was erased."""

    time: str
    sightings: int
    pictures: int
    salt: str
    digest: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, and when (ms since 1970)."""

    time: int
    who: str
    action: str
    about: str


class Store(Closeable):
    """Finds, keeps and removes sightings; a context manager. Threads may share it.

    ``address`` is that of a :class:`lpr_store.database.Database`; ``pictures`` is a folder or a
    bucket (:class:`lpr_store.pictures.Pictures`), or None to keep none.

    Methods raise :class:`lpr_store.errors.StoreError`, and
    :class:`lpr_store.errors.UnavailableError` where trying again may help.
    """

    def __init__(self, address: str, pictures: str | None = None) -> None:
        self._database = Database(address)
        self.pictures = Pictures(pictures) if pictures is not None else None

    @property
    def name(self) -> str:
        """The address, without its password."""
        return self._database.name

    # ---- writing

    def add(
        self,
        uid: str,
        record: Mapping[str, Any],
        pictures: Mapping[str, bytes] | None = None,
        now: int | None = None,
    ) -> None:
        """Keep a sighting; when this returns, the disk has it.

        ``uid`` (at most 64 characters) names it: what is added twice is kept once, and a later
        status replaces an earlier one. ``record`` is a sighting's (docs/output.md), ``pictures``
        are JPEG files by what they show, ``frame`` and ``plate``.
        """
        row = row_of(uid, record, now)
        files: dict[str, str] = {}
        if self.pictures is not None and pictures:
            for kind, data in pictures.items():
                name = files[kind] = _picture_name(row["first"], uid, kind, data)
                self.pictures.write(name, data)
            row["frame_file"], row["plate_file"] = files.get("frame"), files.get("plate")
            row["size"] = sum(map(len, pictures.values()))
        with self._database.writing() as connection:
            replaced = self._put(connection, row)
        if self.pictures is not None and replaced:
            self.pictures.remove(replaced)

    def withdraw(self, uid: str) -> None:
        """Remove a sighting that was given out early and then withdrawn."""
        self._remove([uid], sightings.c.uid)

    def add_many(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Keep rows as :func:`row_of` makes them, without pictures; returns how many are new."""
        added, batch = 0, []
        for row in rows:
            batch.append(dict(row))
            if len(batch) == _BATCH:
                added += self._add_batch(batch)
                batch = []
        return added + (self._add_batch(batch) if batch else 0)

    def _put(self, connection: Connection, row: dict[str, Any]) -> list[str]:
        """Insert or replace a row; returns the pictures that it no longer names."""
        old = connection.execute(
            sa.select(sightings).where(sightings.c.uid == row["uid"]).with_for_update()
        ).first()
        row["revision"] = _next_revision(connection, 1)
        if old is None:
            connection.execute(sightings.insert().values(row))
            self._count(connection, [row])
            return []
        row["received"] = old.received
        for column in ("frame_file", "plate_file"):
            row[column] = row[column] or getattr(old, column)
        row["size"] = row["size"] or old.size
        connection.execute(sightings.update().where(sightings.c.id == old.id).values(row))
        _recount(connection, {old.text, row["text"]})
        _add_symbols(connection, {row["text"]})
        before = {old.frame_file, old.plate_file} - {row["frame_file"], row["plate_file"], None}
        return [str(name) for name in before]

    def _add_batch(self, rows: list[dict[str, Any]]) -> int:
        unique = {row["uid"]: row for row in rows}
        with self._database.writing() as connection:
            known = set(
                connection.scalars(
                    sa.select(sightings.c.uid).where(sightings.c.uid.in_(list(unique)))
                )
            )
            new = [row for uid, row in unique.items() if uid not in known]
            if new:
                last = _next_revision(connection, len(new))
                for number, row in enumerate(new):
                    row["revision"] = last - len(new) + 1 + number
                connection.execute(sightings.insert(), new)
                self._count(connection, new)
        return len(new)

    def _count(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Count new sightings by their texts."""
        counts: dict[str, PlateCount] = {}
        for row in rows:
            text, first, last = row["text"], row["first"], row["last"]
            if text:
                one = counts.get(text, PlateCount(text, 0, first, last))
                counts[text] = PlateCount(
                    text, one.sightings + 1, min(one.first, first), max(one.last, last)
                )
        if not counts:
            return
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(plates)
        values = [
            {"text": c.text, "sightings": c.sightings, "first": c.first, "last": c.last}
            for _, c in sorted(counts.items())  # one order for all writers: no deadlocks
        ]
        smaller = sa.func.min if self._database.is_sqlite else sa.func.least
        larger = sa.func.max if self._database.is_sqlite else sa.func.greatest
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["text"],
                set_={
                    "sightings": plates.c.sightings + insert.excluded.sightings,
                    "first": smaller(plates.c.first, insert.excluded.first),
                    "last": larger(plates.c.last, insert.excluded.last),
                },
            ),
            values,
        )
        _add_symbols(connection, counts)

    # ---- reading

    def find(self, query: Query) -> Page:
        """One page of the sightings that ``query`` asks for. With ``similar``, each has its
        distance; the order stays that of time."""
        row = sightings.c
        with self._database.reading() as connection:
            letters = frozenset(connection.scalars(sa.select(symbols.c.symbol)))
            statement = sa.select(*_COLUMNS).where(*query.conditions(letters))
            key = sa.tuple_(row.first, row.id)
            newest = query.order == "newest"
            if query.after is not None:
                end = sa.tuple_(*map(sa.literal, query.after))
                statement = statement.where(key < end if newest else key > end)
            order = (row.first.desc(), row.id.desc()) if newest else (row.first, row.id)
            statement = statement.order_by(*order).limit(query.limit + 1)
            rows = connection.execute(statement).mappings().all()
        found = [_stored(each) for each in rows[: query.limit]]
        if query.similar:
            text = query.normalized
            found = [replace(each, distance=distance(text, each.text)) for each in found]
        more = len(rows) > query.limit
        return Page(found, (found[-1].first, found[-1].id) if more else None)

    def all(self, query: Query) -> Iterator[StoredSighting]:
        """All sightings that ``query`` asks for, page by page."""
        while True:
            page = self.find(query)
            yield from page.sightings
            if page.next is None:
                return
            query = replace(query, after=page.next)

    def get(self, id: int) -> StoredSighting | None:
        """The sighting with this number, or None."""
        with self._database.reading() as connection:
            row = (
                connection.execute(sa.select(*_COLUMNS).where(sightings.c.id == id))
                .mappings()
                .first()
            )
        return None if row is None else _stored(row)

    def plates(self, text: str = "", limit: int = 100, similar: bool = False) -> list[PlateCount]:
        """Texts like ``text`` (as :class:`Query` takes it), the last seen first."""
        query = Query(text=text, similar=similar, limit=limit)
        statement = sa.select(plates).order_by(plates.c.last.desc()).limit(limit)
        with self._database.reading() as connection:
            if text:
                letters = frozenset(connection.scalars(sa.select(symbols.c.symbol)))
                statement = statement.where(query.plate_condition(letters))
            rows = connection.execute(statement).all()
        return [PlateCount(*row) for row in rows]

    def changes(self, after: int, limit: int = 100) -> list[tuple[int, StoredSighting]]:
        """The sightings that are new or have changed since revision ``after``, with their
        revisions, in order."""
        statement = (
            sa.select(*_COLUMNS, sightings.c.revision)
            .where(sightings.c.revision > after)
            .order_by(sightings.c.revision)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return [(row["revision"], _stored(row)) for row in rows]

    def revision(self) -> int:
        """The revision of the last change; 0 for an empty store."""
        with self._database.reading() as connection:
            return int(connection.scalar(sa.select(counters.c.value)) or 0)

    def count(self) -> int:
        """The number of sightings."""
        with self._database.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(sightings)) or 0)

    def usage(self) -> int:
        """The bytes of all pictures."""
        with self._database.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.sum(sightings.c.size))) or 0)

    # ---- removing

    def erase(self, text: str, who: str) -> Receipt:
        """Remove every sighting of a plate and its pictures, and its text from the audit log,
        which keeps the receipt's digest."""
        text = Query(text=text).normalized
        if not text or Query(text=text).is_pattern:
            raise ValueError("erase takes the text of one plate")
        found, files = self._remove([text], sightings.c.text)
        salt = uuid.uuid4().hex
        digest = hashlib.sha256((salt + text).encode()).hexdigest()
        stamp = datetime.now(timezone.utc).isoformat(timespec="seconds")
        receipt = Receipt(stamp, found, files, salt, digest)
        with self._database.writing() as connection:
            about = audit.c.about
            redacted = sa.func.replace(about, text, "(erased)")
            connection.execute(audit.update().where(about.contains(text)).values(about=redacted))
        self.log(who, "erase", f"{found} sightings, {files} pictures, receipt {digest}")
        return receipt

    def expire(self, age: float | None = None, size: float | None = None) -> int:
        """Remove the sightings last seen more than ``age`` seconds ago, then the oldest until all
        pictures take at most ``size`` bytes; returns their number."""
        removed = 0
        if age is not None:
            limit = round((time.time() - age) * 1000)
            removed += self._remove_where(sightings.c.last < limit)
        if size is not None:
            while (excess := self.usage() - size) > 0:
                removed += self._remove_oldest(excess)
        return removed

    def sweep(self) -> int:
        """Remove the pictures without a row that a crash left; returns their number."""
        return 0 if self.pictures is None else self.pictures.sweep(self._named)

    def _named(self, names: Sequence[str]) -> set[str]:
        columns = (sightings.c.frame_file, sightings.c.plate_file)
        with self._database.reading() as connection:
            return {
                str(name)
                for column in columns
                for name in connection.scalars(sa.select(column).where(column.in_(names)))
            }

    def _remove_where(self, condition: sa.ColumnElement[bool]) -> int:
        removed = 0
        while True:
            with self._database.reading() as connection:
                ids = connection.scalars(
                    sa.select(sightings.c.id).where(condition).limit(_BATCH)
                ).all()
            if not ids:
                return removed
            removed += self._remove(ids, sightings.c.id)[0]

    def _remove_oldest(self, excess: float) -> int:
        """Remove the oldest pictures' sightings, up to ``excess`` bytes or one batch."""
        ids, freed = [], 0
        statement = (
            sa.select(sightings.c.id, sightings.c.size)
            .where(sightings.c.size > 0)
            .order_by(sightings.c.first, sightings.c.id)
            .limit(_BATCH)
        )
        with self._database.reading() as connection:
            for row in connection.execute(statement):
                if freed >= excess:
                    break
                ids.append(row.id)
                freed += row.size
        return self._remove(ids, sightings.c.id)[0]

    def _remove(self, keys: Sequence[Any], column: sa.Column[Any]) -> tuple[int, int]:
        """Remove rows, then their pictures; returns the numbers of both."""
        chosen = column.in_(list(keys))
        with self._database.writing() as connection:
            rows = connection.execute(
                sa.select(sightings.c.text, sightings.c.frame_file, sightings.c.plate_file).where(
                    chosen
                )
            ).all()
            connection.execute(sightings.delete().where(chosen))
            _recount(connection, {row.text for row in rows})
        names = {name for row in rows for name in (row.frame_file, row.plate_file) if name}
        files = self.pictures.remove(names) if self.pictures is not None else 0
        return len(rows), files

    # ---- the audit log

    def log(self, who: str, action: str, about: str) -> None:
        """Note who did what."""
        with self._database.writing() as connection:
            connection.execute(
                audit.insert().values(
                    time=round(time.time() * 1000), who=who[:200], action=action, about=about
                )
            )

    def audited(self, limit: int = 100) -> list[AuditEntry]:
        """The last entries of the audit log, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                sa.select(audit.c.time, audit.c.who, audit.c.action, audit.c.about)
                .order_by(audit.c.id.desc())
                .limit(limit)
            ).all()
        return [AuditEntry(*row) for row in rows]

    def close(self) -> None:
        """Close all connections; further calls do nothing."""
        self._database.close()


def row_of(uid: str, record: Mapping[str, Any], now: int | None = None) -> dict[str, Any]:
    """The row of a sighting's record, without pictures. ``now`` (ms since 1970) is the time of a
    sighting whose record has no clock."""
    if not 1 <= len(uid) <= 64:
        raise ValueError("a uid has 1 to 64 characters")
    received = round(time.time() * 1000) if now is None else now
    first, last = _milliseconds(record["first"]), _milliseconds(record["last"])
    first = received if first is None else first
    return {
        "uid": uid,
        "camera": record["camera"],
        "source": record["source"],
        "status": record["status"],
        "text": record["text"],
        "display": record.get("display"),
        "region": record.get("region"),
        "kind": record.get("kind"),
        "confidence": float(record["confidence"]),
        "direction": record.get("direction"),
        "first": first,
        "last": first if last is None else last,
        "received": received,
        "frame_file": None,
        "plate_file": None,
        "size": 0,
        "record": json.dumps(dict(record), ensure_ascii=False, separators=(",", ":")),
    }


def _milliseconds(moment: Mapping[str, Any]) -> int | None:
    stamp = moment.get("utc")
    if stamp is None:
        return None
    return round(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)


def _picture_name(first: int, uid: str, kind: str, data: bytes) -> str:
    """A name that no other picture has: a corrected one never replaces the one that a row names."""
    day = datetime.fromtimestamp(first / 1000, timezone.utc)
    names = hashlib.sha256(uid.encode()).hexdigest()[:24]
    return f"{day:%Y/%m/%d}/{names}-{hashlib.sha256(data).hexdigest()[:12]}-{kind}.jpg"


def _next_revision(connection: Connection, count: int) -> int:
    """Take ``count`` revisions; returns the last of them."""
    connection.execute(
        counters.update()
        .where(counters.c.name == "revision")
        .values(value=counters.c.value + count)
    )
    return int(
        connection.scalar(sa.select(counters.c.value).where(counters.c.name == "revision")) or 0
    )


def _recount(connection: Connection, texts: Iterable[str]) -> None:
    """Count the sightings of some texts again."""
    for text in sorted(texts):
        connection.execute(plates.delete().where(plates.c.text == text))
        if text:
            counted = (
                sa.select(
                    sa.literal(text),
                    sa.func.count(),
                    sa.func.min(sightings.c.first),
                    sa.func.max(sightings.c.last),
                )
                .where(sightings.c.text == text)
                .having(sa.func.count() > 0)
            )
            connection.execute(
                plates.insert().from_select(["text", "sightings", "first", "last"], counted)
            )


def _add_symbols(connection: Connection, texts: Iterable[str]) -> None:
    found = set("".join(texts))
    known = set(connection.scalars(sa.select(symbols.c.symbol).where(symbols.c.symbol.in_(found))))
    if new := sorted(found - known):
        insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(symbols)
        connection.execute(insert.on_conflict_do_nothing(), [{"symbol": char} for char in new])


def _stored(row: RowMapping) -> StoredSighting:
    values = dict(row)
    values.pop("revision", None)
    values["record"] = json.loads(values["record"])
    return StoredSighting(**values)
