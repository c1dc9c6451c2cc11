"""Sightings on their way elsewhere: nothing delays or stops the watch."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lpr.errors import BackendError
from lpr.plugins.webhook import Webhook
from lpr.sightings import Sighting
from lpr.sinks import publishing
from lpr.sinks.publishing import Publishers
from lpr.testing import check_destination
from tests.cli.run import CLIP, lpr
from tests.sinks.test_watch_sinks import sighting as any_sighting


def sighting(number: int) -> Sighting:
    return replace(any_sighting(), number=number)


class Remembers:
    """A destination and its publisher: keeps what it is given, after some failures."""

    name, schemes = "memory", frozenset({"memory"})

    def __init__(self, failures: int = 0, gate: threading.Event | None = None) -> None:
        self.failures, self.gate = failures, gate
        self.got: list[tuple[str, Mapping[str, Any], Mapping[str, bytes]]] = []
        self.closed = False

    def problem(self) -> str | None:
        return None

    def open(self, address: str, report: Callable[[str], None]) -> Remembers:
        return self

    def sighting(self, uid: str, record: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        if self.gate is not None:
            self.gate.wait(10)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("it is away")
        self.got.append((uid, record, pictures))

    def gap(self, record: Mapping[str, Any]) -> None:
        self.got.append(("", record, {}))

    def close(self) -> None:
        self.closed = True


def opened(said: list[str], *destinations: Remembers) -> Publishers:
    for number, each in enumerate(destinations):
        each.schemes = frozenset({f"memory{number}"})
    known = {f"memory{number}": each for number, each in enumerate(destinations)}
    return Publishers([f"{scheme}://" for scheme in known], known, said.append)


def test_every_destination_gets_the_record_a_name_and_jpegs() -> None:
    one, two = Remembers(), Remembers()
    with opened([], one, two) as publishers:
        publishers.sighting(sighting(1))
        publishers.sighting(sighting(2))
    assert len({uid for uid, _, _ in one.got}) == 2
    assert [(uid, record) for uid, record, _ in one.got] == [
        (uid, record) for uid, record, _ in two.got
    ]
    _, record, pictures = one.got[0]
    assert record == sighting(1).as_dict()
    assert all(data.startswith(b"\xff\xd8") for data in pictures.values())
    assert one.closed
    assert two.closed


def test_a_failing_destination_is_asked_again_and_named_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "FIRST_PAUSE", 0.01)
    said: list[str] = []
    failing, works = Remembers(failures=3), Remembers()
    with opened(said, failing, works) as publishers:
        publishers.sighting(sighting(1))
    assert len(failing.got) == len(works.got) == 1
    assert said == [
        "--to memory0 failed, the watch goes on: RuntimeError: it is away",
        "--to memory0 works again",
    ]
    assert publishers.failures == []


def test_a_destination_that_hangs_loses_only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "WAITING", 3)
    monkeypatch.setattr(publishing, "DRAIN_TIMEOUT", 0.1)
    said: list[str] = []
    gate = threading.Event()
    hangs, works = Remembers(gate=gate), Remembers()
    publishers = opened(said, hangs, works)
    for n in range(10):
        publishers.sighting(sighting(n))
        while len(works.got) <= n:
            pass
    publishers.close()
    gate.set()
    assert len(works.got) == 10
    (failure,) = publishers.failures
    assert failure.startswith("--to memory0: ")
    assert "--to memory0: too slow; events are dropped" in said


@pytest.mark.parametrize("address", ["nowhere://x", "plates.db"])
def test_an_unknown_destination_is_refused_with_those_that_are_known(address: str) -> None:
    with pytest.raises(BackendError, match="known are memory://"):
        Publishers([address], {"memory": Remembers()}, print)


class Server(ThreadingHTTPServer):
    def __init__(self, statuses: list[int]) -> None:
        self.statuses, self.got = statuses, []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.statuses.pop(0) if self.server.statuses else 204
        if status == 204:
            self.server.got.append((self.headers, self.path, body))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server([])
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def test_a_watch_posts_each_vehicle_once(server: Server, tmp_path: Path) -> None:
    server.statuses[:] = [503]
    address = f"http://user:s3cret@127.0.0.1:{server.server_port}/plates?key=k3y"
    result = lpr("watch", CLIP, "--to", address, LPR_STATE=str(tmp_path))
    assert result.status == 0
    texts = [record["text"] for record in result.records]
    assert [body["sighting"]["text"] for _, _, body in server.got] == texts
    headers, path, body = server.got[0]
    assert path == "/plates?key=k3y"
    assert headers["Authorization"] == f"Basic {base64.b64encode(b'user:s3cret').decode()}"
    assert headers["Idempotency-Key"] == f"{body['id']}-final"
    assert base64.b64decode(body["pictures"]["plate"]).startswith(b"\xff\xd8")
    assert "503" in result.stderr
    for secret in ("s3cret", "k3y"):
        assert secret not in result.stderr + result.stdout


def test_what_a_server_refuses_for_good_is_kept_aside(server: Server, tmp_path: Path) -> None:
    server.statuses[:] = [400]
    address = f"http://127.0.0.1:{server.server_port}/"
    result = lpr("watch", CLIP, "--to", address, LPR_STATE=str(tmp_path))
    assert len(server.got) == len(result.records) - 1
    assert len(list(tmp_path.rglob("rejected/*.json"))) == 1


def test_a_server_that_is_away_gets_all_at_the_next_watch(server: Server, tmp_path: Path) -> None:
    server.statuses[:] = [500] * 1000
    address = f"http://127.0.0.1:{server.server_port}/"
    first = lpr("watch", CLIP, "--to", address, LPR_STATE=str(tmp_path))
    assert first.status == 0
    assert len(first.records) == 3
    assert "3 wait on the disk for the next run" in first.stderr
    server.statuses.clear()
    lpr("watch", CLIP, "--to", address, LPR_STATE=str(tmp_path))
    assert len(server.got) == 6


def test_the_webhook_keeps_what_lpr_relies_on(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LPR_STATE", str(tmp_path))
    check_destination(Webhook(), f"http://user:s3cret@127.0.0.1:{server.server_port}/")
    assert len(server.got) == 7


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"schemes": frozenset({"UPPER"})}, "no scheme"),
        ({"schemes": frozenset()}, "no schemes"),
        ({"open": lambda address, report: object()}, "no Publisher"),
        ({"gap": lambda record: print(record)}, "printed to standard output"),
        ({"gap": lambda record: 1 / 0}, "division by zero"),
    ],
)
def test_a_destination_with_a_mistake_is_found(mistake: dict[str, Any], message: str) -> None:
    destination = Remembers()
    for name, value in mistake.items():
        setattr(destination, name, value)
    with pytest.raises((AssertionError, ZeroDivisionError), match=message):
        check_destination(destination, "memory://")


def test_a_password_in_a_message_is_found() -> None:
    destination = Remembers()
    destination.open = lambda address, report: report(address) or destination  # type: ignore[method-assign,func-returns-value]
    with pytest.raises(AssertionError, match="password"):
        check_destination(destination, "memory://user:s3cret@host/")
