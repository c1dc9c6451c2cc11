"""A service over an empty store, in this process and in one of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lpr_serve.app import create_app
from lpr_serve.config import Config

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


@pytest.fixture(scope="session")
def car() -> bytes:
    return (SAMPLES / "car.jpg").read_bytes()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., TestClient]]:
    """Starts services; those of equal settings are one."""
    running: dict[str, TestClient] = {}

    def start(**settings: Any) -> TestClient:
        key = repr(sorted(settings.items()))
        if key not in running:
            store = f"sqlite:///{tmp_path_factory.mktemp('serve')}/plates.db"
            client = TestClient(create_app(Config(**{"store": store, "readers": 1, **settings})))
            running[key] = client.__enter__()
        return running[key]

    yield start
    for client in running.values():
        client.__exit__(None, None, None)
