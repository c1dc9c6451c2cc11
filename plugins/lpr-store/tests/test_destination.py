"""``lpr watch --to`` a store, and ``lpr store``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lpr.testing import check_destination
from lpr_store import Query, Store
from lpr_store.destination import StoreDestination, StorePublisher, split_pictures


def record(text: str, status: str = "final") -> dict[str, Any]:
    """What the store needs of a sighting's record."""
    moment = {"frame": 0, "time": 0.0, "utc": "2026-05-01T06:30:00Z"}
    keys = {"text": text, "status": status, "confidence": 0.9, "first": moment, "last": moment}
    return {"sighting": 1, "camera": "gate", "source": "a file", **keys}


ROOT = Path(__file__).resolve().parents[3]
CLIP = ROOT / "samples" / "street.mp4"


def run(*arguments: object, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lpr", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "LPR_STATE": str(state)},
        check=False,
    )


def test_a_watch_fills_a_store_that_the_command_searches(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/plates.db"
    watched = run("watch", CLIP, "--to", store, state=tmp_path)
    assert watched.returncode == 0, watched.stderr
    texts = sorted(json.loads(line)["text"] for line in watched.stdout.splitlines())
    found = run("store", "find", store, "--json", state=tmp_path)
    records = [json.loads(line) for line in found.stdout.splitlines()]
    assert sorted(each["text"] for each in records) == texts
    assert len(list((tmp_path / "plates.db-pictures").rglob("*.jpg"))) == 2 * len(texts)
    like = run("store", "find", store, texts[0][:2] + "*", state=tmp_path)
    assert texts[0][-3:] in like.stdout
    erased = run("store", "erase", store, texts[0], "--yes", state=tmp_path)
    assert json.loads(erased.stdout)["sightings"] == 1
    left = run("store", "plates", store, state=tmp_path)
    assert texts[0] not in left.stdout
    assert "erase" in run("store", "audit", store, state=tmp_path).stdout


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    for arguments in (
        ("find", "plates.db"),
        ("find", "sqlite:///none.db", "A*", "--similar"),
        ("import", "sqlite:///plates.db", __file__),
    ):
        result = run("store", *arguments, state=tmp_path)
        assert result.returncode in (1, 2)
        assert "Traceback" not in result.stderr


def test_a_store_that_is_away_gets_everything_once_later(
    address: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("LPR_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("lpr.utils.spool.FIRST_PAUSE", 0.01)
    given = f"{address}?pictures={tmp_path}/pictures"
    publisher = StorePublisher(given, lambda message: None)
    works = publisher._store
    assert works is not None
    attempts = []

    def away(*arguments: object) -> None:
        attempts.append(arguments)
        if len(attempts) < 4:
            # As if the connection broke after the commit, and before the answer.
            if len(attempts) == 2:
                works.add(*arguments)
            raise ConnectionError("broken")
        works.add(*arguments)

    publisher._store = type("Broken", (), {"add": staticmethod(away), "close": works.close})()
    for n in range(3):
        publisher.sighting(f"uid{n}", record(f"ABC{n}"), {"plate": b"jpeg"})
    publisher.close()
    with Store(*split_pictures(given)) as store:
        assert sorted(each.text for each in store.find(Query()).sightings) == [
            "ABC0", "ABC1", "ABC2"
        ]  # fmt: skip


def test_an_early_sighting_is_confirmed_or_withdrawn(address: str, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("LPR_STATE", str(tmp_path / "state"))
    given = f"{address}?pictures={tmp_path}/pictures"
    publisher = StorePublisher(given, print)
    publisher.sighting("a", record("ABC1", status="early"), {})
    publisher.sighting("b", record("XYZ1", status="early"), {})
    publisher.sighting("a", record("ABC1", status="confirmed"), {})
    publisher.sighting("b", record("XYZ1", status="withdrawn"), {})
    publisher.close()
    with Store(*split_pictures(given)) as store:
        (found,) = store.find(Query()).sightings
    assert (found.text, found.status) == ("ABC1", "confirmed")


def test_pictures_lie_beside_the_file_or_where_the_address_says() -> None:
    assert split_pictures("sqlite:///a/plates.db") == (
        "sqlite:///a/plates.db",
        "a/plates.db-pictures",
    )
    assert split_pictures("postgresql://h/n?sslmode=require&pictures=s3://b/p") == (
        "postgresql://h/n?sslmode=require",
        "s3://b/p",
    )


def test_the_destination_is_as_lpr_wants_it(address: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LPR_STATE", str(tmp_path / "state"))
    given = f"{address}?pictures={tmp_path}/pictures"
    check_destination(StoreDestination(), given)
    with Store(*split_pictures(given)) as store:
        assert sorted(each.status for each in store.find(Query()).sightings) == [
            "confirmed", "final"
        ]  # fmt: skip
