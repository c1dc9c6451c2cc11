"""The service as its clients meet it."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from lpr_serve.config import Config, ConfigError, TokenConfig, read_config

Serve = Callable[..., TestClient]


def record(text: str, at: str = "2026-05-01T06:30:00.250Z") -> dict[str, Any]:
    moment = {"frame": 0, "time": 0.0, "utc": at}
    keys = {"text": text, "status": "final", "confidence": 0.9, "first": moment, "last": moment}
    return {"sighting": 1, "camera": "gate", "source": "a file", "region": "tw", **keys}


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve()


# Plate Recognizer's Snapshot


@pytest.mark.parametrize("path", ["/v1/plate-reader/", "/v1/plate-reader"])
def test_a_snapshot_client_gets_what_it_reads(client: TestClient, car: bytes, path: str) -> None:
    answer = client.post(
        path,
        files={"upload": ("car.jpg", car)},
        data={"regions": ["tw", "us-ca"], "camera_id": "gate", "timestamp": "2026-05-01T06:30"},
        headers={"Authorization": "Token whatever"},
        follow_redirects=False,
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["filename"], body["camera_id"]) == ("car.jpg", "gate")
    assert body["timestamp"] == "2026-05-01T06:30"
    assert body["usage"]["calls"] < body["usage"]["max_calls"]
    (result,) = body["results"]
    assert result["plate"] == "bgt6175"
    assert result["region"]["code"] == "tw"
    assert result["candidates"][0] == {"plate": "bgt6175", "score": result["score"]}
    assert result["vehicle"]["type"]
    box = result["box"]
    assert all(isinstance(box[key], int) for key in ("xmin", "ymin", "xmax", "ymax"))
    assert box["xmin"] < box["xmax"]
    assert 0.5 < result["dscore"] <= 1


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
def test_a_picture_may_be_base64_text(client: TestClient, car: bytes, prefix: str) -> None:
    text = prefix + base64.b64encode(car).decode()
    for arguments in ({"data": {"upload": text}}, {"json": {"upload": text}}):
        answer = client.post("/v1/plate-reader/", **arguments)
        assert answer.status_code == 201
        assert [each["plate"] for each in answer.json()["results"]] == ["bgt6175"]


@pytest.mark.parametrize(
    ("config", "regions", "plates"),
    [
        ({"region": "strict"}, ["tw"], 1),
        ({"region": "strict"}, ["us-ca"], 0),
        ({"region": "strict"}, '["tw"]', 1),
        ({"region": "strict"}, "None", 1),
        ({"threshold_d": 0.999}, [], 0),
        ({"threshold_o": 0.999}, [], 0),
        ({"threshold_d": 0.2, "threshold_o": 0.6}, [], 1),
    ],
)
def test_the_config_leaves_plates_out(
    client: TestClient, car: bytes, config: dict[str, Any], regions: Any, plates: int
) -> None:
    data = {"config": json.dumps(config), "regions": regions}
    answer = client.post("/v1/plate-reader/", files={"upload": car}, data=data)
    assert len(answer.json()["results"]) == plates


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": {"camera_id": "gate"}},
        {"data": {"upload_url": "http://127.0.0.1/car.jpg"}},
        {"data": {"upload": "no picture"}},
        {"files": {"upload": b"no picture"}},
        {"files": {"upload": b""}},
        {"content": b"raw", "headers": {"Content-Type": "image/jpeg"}},
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"json": ["upload"]},
        {"json": {"upload": 7}},
    ],
)
def test_a_wrong_request_is_explained(client: TestClient, arguments: dict[str, Any]) -> None:
    answer = client.post("/v1/plate-reader/", **arguments)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_clients_ask_for_statistics_first(client: TestClient) -> None:
    body = client.get("/v1/statistics/").json()
    assert body["total_calls"] > body["usage"]["calls"] >= 0
    assert client.get("/info/").json()["version"]


# CodeProject.AI


def test_a_codeproject_client_gets_what_it_reads(client: TestClient, car: bytes) -> None:
    assert client.get("/v1/status/ping").json() == {"success": True}
    assert client.post("/v1/vision/custom/list").json()["models"] == ["license-plate"]
    body = client.post("/v1/vision/alpr", files={"upload": car}).json()
    assert body["success"]
    (found,) = body["predictions"]
    assert (found["plate"], found["label"]) == ("BGT6175", "Plate: BGT6175")
    assert found["x_min"] < found["x_max"]
    assert found["y_min"] < found["y_max"]
    few = {"min_confidence": "0.9999"}
    none = client.post("/v1/vision/alpr", files={"upload": car}, data=few).json()
    assert (none["predictions"], none["message"]) == ([], "No plates found")
    wrong = client.post("/v1/vision/alpr", files={"upload": b"no"})
    assert (wrong.status_code, wrong.json()["success"]) == (200, False)


# lpr's own API


def test_several_pictures_at_once(client: TestClient, car: bytes) -> None:
    grey = cv2.imencode(".png", np.full((40, 60), 128, np.uint8))[1].tobytes()
    files = [("upload", ("a.jpg", car)), ("upload", ("b.png", grey))]
    first, second = client.post("/api/v1/read", files=files).json()["results"]
    assert [plate["text"] for plate in first["plates"]] == ["BGT6175"]
    assert (second["file"], second["width"], second["plates"]) == ("b.png", 60, [])


def test_sightings_are_found_shown_and_erased(serve: Serve) -> None:
    client = serve(queue=63)
    store = client.app.state.store  # type: ignore[attr-defined]
    store.add("one", record("ABC1234"), {"plate": b"jpeg"})
    store.add("two", record("A8C1234", "2026-05-02T06:30:00Z"))
    found = client.get("/api/v1/sightings", params={"text": "abc-1234"}).json()["sightings"]
    assert [each["text"] for each in found] == ["ABC1234"]
    assert client.get(found[0]["plate"]).content == b"jpeg"
    assert client.get(f"/api/v1/sightings/{found[0]['id']}").json()["record"] == record("ABC1234")
    similar = client.get("/api/v1/sightings", params={"text": "ABC1234", "similar": True}).json()
    assert [each["distance"] for each in similar["sightings"]] == [0.4, 0]
    page = client.get("/api/v1/sightings", params={"limit": 1}).json()
    rest = client.get("/api/v1/sightings", params={"after": page["next"]}).json()
    assert [each["text"] for each in rest["sightings"]] == ["ABC1234"]
    assert len(client.get("/api/v1/export.csv").text.splitlines()) == 3
    assert len(client.get("/api/v1/export.jsonl").text.splitlines()) == 2
    assert client.delete("/api/v1/plates/ABC1234").json()["sightings"] == 1
    assert [p["text"] for p in client.get("/api/v1/plates").json()["plates"]] == ["A8C1234"]
    entries = client.get("/api/v1/audit").json()["entries"]
    assert {"find", "export", "erase"} <= {entry["action"] for entry in entries}
    assert "ABC1234" not in json.dumps(entries)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sightings?limit=0",
        "/api/v1/sightings?text=A*&similar=true",
        "/api/v1/sightings?after=x",
        "/api/v1/sightings?since=99999999999999999999999",
        "/api/v1/sightings?text=%00",
        "/api/v1/plates?text=%00",
    ],
)
def test_a_wrong_question_is_no_fault_of_the_service(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/sightings/77", "/api/v1/sightings/77/plate.jpg"])
def test_what_is_not_there_is_said(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_health_and_metrics(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"ok": True}
    assert client.get("/readyz").json() == {"ready": True}
    metrics = client.get("/metrics").text
    assert 'lpr_requests_total{path="/healthz",status="200"}' in metrics


# Limits and trust


def test_uploads_are_bounded_before_they_are_decoded(serve: Serve, car: bytes) -> None:
    small = serve(max_upload=10_000)
    assert small.post("/v1/plate-reader/", files={"upload": car}).status_code == 413
    chunks = (car[i : i + 1000] for i in range(0, len(car), 1000))
    kind = {"Content-Type": "application/json"}
    assert small.post("/v1/plate-reader/", content=chunks, headers=kind).status_code == 413
    few = serve(max_pixels=1000)
    assert few.post("/v1/plate-reader/", files={"upload": car}).status_code == 413


def test_a_full_queue_says_when_to_come_again(serve: Serve, car: bytes) -> None:
    client = serve(queue=2)
    statuses: list[int] = []
    waits: list[int] = []

    def ask() -> None:
        answer = client.post("/v1/plate-reader/", files={"upload": car})
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {201, 429}
    assert min(waits) >= 1
    assert client.post("/v1/plate-reader/", files={"upload": car}).status_code == 201


def test_tokens_open_what_their_scopes_allow(serve: Serve, car: bytes) -> None:
    digest = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("reader", "writer")}
    tokens = (
        TokenConfig("reader", digest["reader"], ("read",)),
        TokenConfig("writer", digest["writer"], ("write",)),
    )
    client = serve(tokens=tokens)
    path = "/api/v1/plates"

    def status(method: str, path: str, token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Token {token}"}
        return client.request(method, path, headers=headers).status_code

    assert status("GET", path, None) == 401
    assert status("GET", path, "wrong") == 403
    assert status("GET", path, "reader") == 200
    assert status("GET", path, "writer") == 200
    assert status("DELETE", f"{path}/ABC1234", "reader") == 403
    assert status("DELETE", f"{path}/ABC1234", "writer") == 200
    assert status("GET", "/healthz", None) == 200
    assert client.post("/v1/plate-reader/", files={"upload": car}).status_code == 401


# The configuration


def test_every_key_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSWORD", "s3cret")
    file = tmp_path / "lpr.toml"
    file.write_text(
        'port = 9000\nkeep = ["30d"]\n[[cameras]]\nname = "gate"\n'
        'address = "rtsp://user:${GATE_PASSWORD}@10.0.0.7/1"\n'
    )
    config = read_config(file, port=None, host=None)
    assert (config.port, config.keep) == (9000, ("30d",))
    assert config.cameras[0].address == "rtsp://user:s3cret@10.0.0.7/1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 9000", "no key 'prot'"),
        ('port = "9000"', "port has to be a whole number"),
        ("port = 99999", r"port has to lie in 0\.\.65535"),
        ("queue = 0", "queue has to be 1 or more"),
        ("keep = 30", "keep has to be a list"),
        ('host = "0.0.0.0"', "reachable from outside"),
        ('[[cameras]]\nname = "gate"', "needs address"),
        ('[[cameras]]\nname = "a"\naddress = "${NONE_SUCH}"', "no variable NONE_SUCH"),
        ('[[tokens]]\nname = "a"\nsha256 = "abc"', "64 hexadecimal"),
        ('tls_key = "a.pem"', "belong together"),
        ("port =", "lpr.toml"),
    ],
)
def test_a_wrong_configuration_names_its_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "lpr.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_config(file)


def test_outside_the_loopback_a_token_is_needed() -> None:
    Config(host="0.0.0.0", tokens=(TokenConfig("a", "0" * 64),))
    with pytest.raises(ConfigError, match="--new-token"):
        Config(host="0.0.0.0")
