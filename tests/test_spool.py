"""The queue on disk: in order, across failures and kills, each entry at least once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lpr.errors import OutputError
from lpr.utils.spool import Entry, Spool


class Receiver:
    """Takes entries, after refusing the first ``failures`` attempts."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken: list[Entry] = []

    def __call__(self, entry: Entry) -> None:
        if self.failures:
            self.failures -= 1
            raise OutputError("it is away")
        if entry.data.get("bad"):
            raise ValueError("it is bad")
        self.taken.append(entry)


def test_entries_arrive_in_order_with_their_parts(tmp_path: Path) -> None:
    receiver = Receiver()
    with Spool(tmp_path, receiver, print, "test") as spool:
        for n in range(20):
            spool.put(Entry(str(n), {"n": n, "text": "臺北"}, {"plate": bytes([n])}))
        assert spool.drain(10)
    assert receiver.taken == [
        Entry(str(n), {"n": n, "text": "臺北"}, {"plate": bytes([n])}) for n in range(20)
    ]
    assert not list(tmp_path.rglob("*.json"))


def test_a_failing_receiver_is_asked_again_and_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpr.utils.spool.FIRST_PAUSE", 0.01)
    receiver, said = Receiver(failures=3), []
    with Spool(tmp_path, receiver, said.append, "the store") as spool:
        spool.put(Entry("1", {}))
        spool.put(Entry("2", {}))
        assert spool.drain(10)
    assert [entry.id for entry in receiver.taken] == ["1", "2"]
    assert said == ["the store: it is away; trying again", "the store: works again"]


def test_a_refused_entry_is_kept_aside_and_holds_up_nothing(tmp_path: Path) -> None:
    receiver, said = Receiver(), []
    with Spool(tmp_path, receiver, said.append, "the store") as spool:
        spool.put(Entry("1", {"bad": True}))
        spool.put(Entry("2", {}))
        assert spool.drain(10)
    assert [entry.id for entry in receiver.taken] == ["2"]
    (kept,) = (tmp_path / "rejected").iterdir()
    assert json.loads(kept.read_text())["id"] == "1"
    assert "it is bad" in said[0]


def test_what_waits_at_the_end_goes_out_with_the_next_run(tmp_path: Path) -> None:
    said: list[str] = []
    with Spool(tmp_path, Receiver(failures=10**6), said.append, "it") as spool:
        spool.put(Entry("1", {}))
    assert said[-1] == "it: 1 wait on the disk for the next run"
    receiver = Receiver()
    with Spool(tmp_path, receiver, print, "it") as spool:
        spool.put(Entry("2", {}))
        assert spool.drain(10)
    assert [entry.id for entry in receiver.taken] == ["1", "2"]


def test_two_spools_of_one_folder_keep_apart(tmp_path: Path) -> None:
    gate = threading.Event()
    one, two = Receiver(), Receiver()

    def waits(entry: Entry) -> None:
        gate.wait(10)
        one(entry)

    with Spool(tmp_path, waits, print, "one") as first:
        first.put(Entry("1", {}))
        with Spool(tmp_path, two, print, "two") as second:
            second.put(Entry("2", {}))
            assert second.drain(10)
        gate.set()
        assert first.drain(10)
    assert [entry.id for entry in one.taken] == ["1"]
    assert [entry.id for entry in two.taken] == ["2"]


def test_a_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    with Spool(tmp_path, Receiver(failures=10**6), print, "it") as spool:
        spool.put(Entry("1", {}))
    (path,) = tmp_path.rglob("*.json")
    path.write_text('{"id": "1", "da')
    receiver = Receiver()
    with Spool(tmp_path, receiver, lambda _: None, "it") as spool:
        spool.put(Entry("2", {}))
        assert spool.drain(10)
    assert [entry.id for entry in receiver.taken] == ["2"]


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with Spool(tmp_path, Receiver(), print, "it") as spool:
        for folder in tmp_path.iterdir():
            if folder.is_dir():
                (folder / "lock").unlink()
                folder.rmdir()
        with pytest.raises(OutputError, match="cannot be written"):
            spool.put(Entry("1", {}))


_KILLED = """
import sys
from pathlib import Path
from lpr.utils.spool import Entry, Spool

log = open(sys.argv[2], "a")

def deliver(entry):
    log.write(f"{entry.id}\\n")
    log.flush()

spool = Spool(Path(sys.argv[1]), deliver, print, "it")
for n in range(100000):
    spool.put(Entry(f"{sys.argv[3]}-{n}", {}))
    print(n, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_kills(tmp_path: Path) -> None:
    log, folder = tmp_path / "log", tmp_path / "spool"
    acknowledged: set[str] = set()
    for run in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, folder, log, str(run)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            acknowledged.add(f"{run}-{int(line)}")
            if int(line) >= 7 * run:
                break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    with (
        log.open("a") as file,
        Spool(folder, lambda entry: print(entry.id, file=file), print, "it") as spool,
    ):
        assert spool.drain(10)
    assert acknowledged <= set(log.read_text().split())
