"""Evidence that is kept: never more than a size, never longer than an age, nothing of others."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.sinks import EvidenceFolder
from lpr.sinks.expiry import Expiry, Retention
from tests.sinks.test_output_file import file_size_limited
from tests.sinks.test_watch_sinks import sighting


def evidence(folder: Path, number: int, age: float = 0.0, size: int = 500) -> None:
    """Two pictures of a sighting, so many seconds old."""
    for suffix in ("", "-plate"):
        path = folder / f"gate-{number:06}{suffix}.jpg"
        path.write_bytes(bytes(size))
        os.utime(path, (time.time() - age,) * 2)


def kept(folder: Path) -> list[int]:
    return sorted(int(path.name[5:11]) for path in folder.glob("gate-*-plate.jpg"))


def expire(folder: Path, *bounds: str) -> None:
    retention = Retention.parse(bounds)
    assert retention is not None
    Expiry(folder, retention).run()


def test_the_oldest_go_beyond_a_size(tmp_path: Path) -> None:
    for number in range(1, 6):
        evidence(tmp_path, number, age=100 - number)
    expire(tmp_path, "3.5kB")
    assert kept(tmp_path) == [3, 4, 5]
    assert len(list(tmp_path.iterdir())) == 6


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    for number, days in ((1, 31), (2, 29), (3, 0)):
        evidence(tmp_path, number, age=days * 86_400)
    expire(tmp_path, "30d", "1GB")
    assert kept(tmp_path) == [2, 3]


def test_the_last_one_stays_whatever_its_size_but_not_whatever_its_age(tmp_path: Path) -> None:
    evidence(tmp_path, 1, age=7200)
    expire(tmp_path, "0.1KB")
    assert kept(tmp_path) == [1]
    expire(tmp_path, "1h")
    assert kept(tmp_path) == []


def test_pictures_of_others_stay(tmp_path: Path) -> None:
    others = ["IMG-000001.jpg", "holiday.jpg", "gate-000009.jpg", "notes-plate.jpg", "x.png"]
    for name in others:
        (tmp_path / name).write_bytes(bytes(10_000))
        os.utime(tmp_path / name, (1, 1))
    evidence(tmp_path, 1)
    expire(tmp_path, "1KB", "1d")
    assert {path.name for path in tmp_path.iterdir()} >= set(others)


def test_a_watch_bounds_its_own_evidence(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, ["gate"], keep=Retention(size=1.0))
    for clock in (1e9, 2e9):
        files = folder.write(sighting(clock=clock))
        assert folder.expiry is not None
        assert folder.expiry.due
        folder.expiry.run()
        assert not folder.expiry.due
    assert sorted(tmp_path.iterdir()) == sorted(files.values())


def test_a_full_disk_leaves_the_early_evidence_as_it_was(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, ["gate"])
    files = folder.write(sighting())
    before = {path: path.read_bytes() for path in files.values()}
    with file_size_limited(100), pytest.raises(Exception, match="cannot be written"):
        folder.write(sighting())
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "size", "age"),
    [
        ("10GB", 1e10, None),
        ("1.5 MiB", 1.5 * 2**20, None),
        ("30d", None, 30 * 86_400),
        ("12h", None, 43_200),
        ("2w|500mb", 5e8, 14 * 86_400),
    ],
)
def test_bounds(text: str, size: float | None, age: float | None) -> None:
    assert Retention.parse([text]) == Retention(size, age)


@pytest.mark.parametrize("text", ["", "10", "GB", "0d", "-1d", "1e9GB", "10GB|", "5 parsecs"])
def test_what_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a size"):
        Retention.parse([text])


@given(st.lists(st.text(max_size=12), min_size=1, max_size=3))
def test_any_text_is_a_bound_or_refused(texts: list[str]) -> None:
    try:
        bounds = Retention.parse(texts)
    except ValueError:
        return
    assert bounds is not None
    assert bounds.size or bounds.age
