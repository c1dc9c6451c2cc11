"""What the shipped model has to reach on photographs that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import lpr
from lpr.evaluate import evaluate
from lpr.labels import read_labels


@pytest.fixture(scope="module")
def reader() -> Iterator[lpr.Reader]:
    with lpr.load(backend="cpu") as reader:
        yield reader


def test_street_photographs(reader: lpr.Reader, shared_data: Path) -> None:
    figures = evaluate(reader, read_labels(shared_data / "taiwan-scenes", "val")).figures()
    assert figures["found"] >= 0.93
    assert figures["exact"] >= 0.88
    assert figures["false_readings_per_picture"] <= 0.2


def test_close_ups(reader: lpr.Reader, shared_data: Path) -> None:
    figures = evaluate(reader, read_labels(shared_data / "taiwan-crops", "val")).figures()
    assert figures["exact_on_labelled_boxes"] >= 0.92
    assert figures["exact"] >= 0.92
