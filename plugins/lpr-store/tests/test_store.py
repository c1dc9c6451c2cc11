"""The store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from lpr_store import Query, Store, StoreError
from lpr_store.similar import distance, neighbours
from lpr_store.tables import metadata
from lpr_store.transfer import export, load


def record(text: str = "ABC1234", at: str = "2026-05-01T06:30:00.250Z", **more: Any) -> dict:
    """A sighting's record, as ``lpr watch`` writes it."""
    return {
        "sighting": 1,
        "status": "final",
        "camera": "gate",
        "source": "rtsp://camera/...",
        "text": text,
        "display": f"{text[:3]}-{text[3:]}",
        "region": "tw",
        "kind": "car",
        "confidence": 0.9876,
        "direction": "towards",
        "first": {"frame": 3, "time": 0.1, "utc": at},
        "last": {"frame": 30, "time": 1.1, "utc": at},
        **more,
    }


@pytest.fixture
def store(address: str, tmp_path: Path):
    with Store(address, str(tmp_path / "pictures")) as opened:
        yield opened


def texts(store: Store, **query: Any) -> list[str]:
    return [each.text for each in store.find(Query(**query)).sightings]


def files(tmp_path: Path) -> set[str]:
    root = tmp_path / "pictures"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_sighting_comes_back_as_it_was_added(store: Store, tmp_path: Path) -> None:
    store.add("one", record(), {"plate": b"a picture", "frame": b"another"})
    (found,) = store.find(Query()).sightings
    assert found.record == record()
    assert (found.uid, found.text, found.camera, found.region) == ("one", "ABC1234", "gate", "tw")
    assert found.first == found.last == 1_777_617_000_250
    assert found.size == len(b"a picture" + b"another")
    assert store.pictures is not None
    assert store.pictures.read(found.plate_file or "") == b"a picture"
    assert files(tmp_path) == {found.plate_file, found.frame_file}
    assert store.get(found.id) == found


def test_what_is_added_twice_is_there_once(store: Store) -> None:
    for _ in range(2):
        store.add("one", record(), {"plate": b"a picture"})
    assert texts(store) == ["ABC1234"]
    assert [(p.text, p.sightings) for p in store.plates()] == [("ABC1234", 1)]


def test_a_corrected_sighting_replaces_the_early_one_and_its_pictures(
    store: Store, tmp_path: Path
) -> None:
    store.add("one", record("ABC1284", status="early"), {"plate": b"early"})
    store.add("one", record("ABC1234", status="corrected"), {"plate": b"later"})
    (found,) = store.find(Query()).sightings
    assert (found.text, found.status) == ("ABC1234", "corrected")
    assert files(tmp_path) == {found.plate_file}
    assert [p.text for p in store.plates()] == ["ABC1234"]


def test_a_withdrawn_sighting_is_gone_with_its_pictures(store: Store, tmp_path: Path) -> None:
    store.add("one", record(status="early"), {"plate": b"early"})
    store.withdraw("one")
    assert texts(store) == []
    assert store.plates() == []
    assert files(tmp_path) == set()


def test_a_recording_without_a_clock_is_dated_when_it_arrives(store: Store) -> None:
    moment = {"frame": 3, "time": 0.1, "utc": None}
    store.add("one", record(first=moment, last=moment), now=1000)
    (found,) = store.find(Query()).sightings
    assert (found.first, found.last, found.received) == (1000, 1000, 1000)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("abc-1234", ["ABC1234"]),
        ("ABC*", ["ABC1235", "ABC1234"]),
        ("*34", ["XBC1234", "ABC1234"]),
        ("?BC1234", ["XBC1234", "ABC1234"]),
        ("A%", []),
        ("A_C1234", []),
        ("ABC123", []),
    ],
)
def test_texts_are_found_by_pattern(store: Store, asked: str, found: list[str]) -> None:
    for n, text in enumerate(("ABC1234", "ABC1235", "XBC1234")):
        store.add(text, record(text, f"2026-05-0{n + 1}T00:00:00Z"))
    assert texts(store, text=asked) == found


def test_similar_texts_are_found_with_their_distances(store: Store) -> None:
    for text in ("ABC8234", "A8C8234", "A8CB234", "ABC823", "ABC82345", "XYC8234"):
        store.add(text, record(text))
    found = store.find(Query(text="ABC8234", similar=True)).sightings
    assert {each.text: each.distance for each in found} == {
        "ABC8234": 0,
        "A8C8234": 0.4,  # 8 for B
        "A8CB234": 0.8,
        "ABC823": 1,
        "ABC82345": 1,
    }


def test_conditions_join_and_pages_follow_each_other(store: Store) -> None:
    for n in range(10):
        camera = "gate" if n % 2 else "yard"
        store.add(str(n), record(f"AB{n}", f"2026-05-01T00:00:0{n}Z", camera=camera))
    query = Query(camera="gate", limit=2)
    first = store.find(query)
    assert [each.text for each in first.sightings] == ["AB9", "AB7"]
    assert [each.text for each in store.all(query)] == ["AB9", "AB7", "AB5", "AB3", "AB1"]
    oldest = Query(order="oldest", limit=3, since=1_777_593_602_000, until=1_777_593_608_000)
    assert [each.text for each in store.all(oldest)] == [f"AB{n}" for n in range(2, 8)]
    assert texts(store, region="de") == []
    assert texts(store, min_confidence=0.99) == []


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 1001}, {"text": "A*", "similar": True}])
def test_a_query_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"limit|similar"):
        Query(**wrong)


def test_changes_come_in_order_and_once(store: Store) -> None:
    for n in range(3):
        store.add(str(n), record(f"AB{n}"))
    seen = store.changes(0)
    assert [each.text for _, each in seen] == ["AB0", "AB1", "AB2"]
    store.add("0", record("AB9", status="corrected"))
    (change,) = store.changes(seen[-1][0])
    assert change[1].text == "AB9"
    assert store.revision() == change[0]


def test_threads_add_without_losing_one(store: Store) -> None:
    def add(worker: int) -> None:
        for n in range(20):
            store.add(f"{worker}-{n}", record("ABC1234" if n % 2 else f"W{worker}"))

    threads = [threading.Thread(target=add, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count() == 80
    assert {p.text: p.sightings for p in store.plates()} == {
        "ABC1234": 40, **{f"W{worker}": 10 for worker in range(4)}
    }  # fmt: skip
    assert len({revision for revision, _ in store.changes(0)}) == 80


def test_an_erased_plate_is_nowhere_and_leaves_a_receipt(
    store: Store, address: str, tmp_path: Path
) -> None:
    store.add("one", record("ABC1234"), {"plate": b"1"})
    store.add("two", record("ABC1234"), {"plate": b"2", "frame": b"3"})
    store.add("three", record("XYZ9876"), {"plate": b"4"})
    store.log("the guard", "find", "looked for ABC1234")
    receipt = store.erase("abc-1234", "the guard")
    assert (receipt.sightings, receipt.pictures) == (2, 3)
    assert texts(store) == ["XYZ9876"]
    assert len(files(tmp_path)) == 1
    erased, found = store.audited()
    assert (erased.who, erased.action) == ("the guard", "erase")
    assert receipt.digest in erased.about
    assert receipt.salt not in erased.about
    assert "ABC1234" not in erased.about + found.about
    with pytest.raises(ValueError, match="one plate"):
        store.erase("ABC*", "the guard")


def test_sightings_expire_by_age_and_by_size(store: Store, tmp_path: Path) -> None:
    for n in range(4):
        store.add(str(n), record(f"AB{n}", f"2026-05-0{n + 1}T00:00:00Z"), {"plate": b"x" * 100})
    assert store.expire(size=250) == 2
    assert texts(store) == ["AB3", "AB2"]
    assert len(files(tmp_path)) == 2
    assert store.expire(age=1) == 2
    assert files(tmp_path) == set()


def test_only_old_pictures_without_a_row_are_swept(store: Store, tmp_path: Path) -> None:
    store.add("one", record(), {"plate": b"kept"})
    kept = files(tmp_path)
    for name, age in (("2026/old.jpg", 7200), ("2026/new.jpg", 0)):
        orphan = tmp_path / "pictures" / name
        orphan.write_bytes(b"no row names this")
        stamp = orphan.stat().st_mtime - age
        os.utime(orphan, (stamp, stamp))
    for name in kept:
        os.utime(tmp_path / "pictures" / name, (0, 0))
    assert store.sweep() == 1
    assert files(tmp_path) == {*kept, "2026/new.jpg"}


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_exports_hold_every_sighting(store: Store, tmp_path: Path, ending: str) -> None:
    for n in range(3):
        store.add(str(n), record(f"AB{n}", camera="=1+1"))
    file = tmp_path / f"out.{ending}"
    assert export(store.all(Query(order="oldest")), file) == 3
    if ending == "parquet":
        import pyarrow.parquet as pq

        assert pq.read_table(file)["text"].to_pylist() == ["AB0", "AB1", "AB2"]
    elif ending == "csv":
        lines = file.read_text().splitlines()
        assert len(lines) == 4
        assert "'=1+1" in lines[1]
    else:
        assert [json.loads(line)["text"] for line in file.read_text().splitlines()] == [
            "AB0", "AB1", "AB2"
        ]  # fmt: skip


def test_an_export_loads_into_another_store_once(store: Store, tmp_path: Path) -> None:
    store.add("one", record())
    file = tmp_path / "out.jsonl"
    export(store.all(Query()), file)
    with Store(f"sqlite:///{tmp_path}/other.db") as other:
        assert (load(other, file), load(other, file)) == (1, 0)
        assert other.find(Query()).sightings[0].record == record()


def test_the_records_of_a_watch_load(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "watch.jsonl"
    gap = {"status": "away", "camera": "gate", "since": "2026-05-01T00:00:00Z"}
    lines = [{"schema": 1, **record()}, gap, record("ABC1239", status="early")]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert (load(store, file), load(store, file)) == (1, 0)
    assert texts(store) == ["ABC1234"]


def test_a_damaged_import_names_its_line(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "watch.jsonl"
    file.write_text(json.dumps(record()) + '\n{"sighting": 1, "sta\n')
    with pytest.raises(StoreError, match="line 2"):
        load(store, file)


def test_the_migrations_make_the_tables_of_the_code(address: str) -> None:
    Store(address).close()
    url = address.replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_newer_database_is_refused(address: str) -> None:
    Store(address).close()
    engine = sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StoreError, match="newer"):
        Store(address)


@pytest.mark.parametrize(
    "address", ["mysql://host/name", "plates.db", "sqlite://", "sqlite:///:memory:"]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(StoreError):
        Store(address)


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(StoreError) as caught:
        Store("postgresql://lpr:s3cret@127.0.0.1:1/plates")
    assert "s3cret" not in str(caught.value)


@given(
    st.text("AB08", min_size=1, max_size=4),
    st.text("AB08", max_size=5),
)
def test_neighbours_are_all_texts_within_one_edit(a: str, b: str) -> None:
    assert (b in neighbours(a, "AB08")) == (distance(a, b) <= 1)


@given(st.text("AB08", max_size=5), st.text("AB08", max_size=5))
def test_the_distance_is_symmetric_and_zero_for_equals(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
