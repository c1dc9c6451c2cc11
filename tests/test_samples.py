"""Golden readings: what the shipped samples show is what the shipped model reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lpr
from lpr.source import open_source

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@pytest.fixture(scope="module", params=["opencv", "onnxruntime"])
def reader(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    with lpr.load(backend=request.param) as reader:
        yield reader
