"""What the shipped model has to reach on photographs that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lpr
from lpr.evaluate import evaluate
from lpr.labels import read_labels
from lpr.models import installed_models


@pytest.fixture(scope="module")
def reader() -> Iterator[lpr.Reader]:
    with lpr.load(backend="cpu") as reader:
        yield reader


@pytest.fixture(scope="module")
def street(reader: lpr.Reader, shared_data: Path) -> dict[str, Any]:
    return evaluate(reader, read_labels(shared_data / "taiwan-scenes", "val")).figures()


def test_street_photographs(street: dict[str, Any]) -> None:
    assert street["found_wide"] >= 0.95
    assert street["exact"] >= 0.95
    assert street["false_readings_per_picture"] <= 0.04


def test_close_ups(reader: lpr.Reader, shared_data: Path) -> None:
    figures = evaluate(reader, read_labels(shared_data / "taiwan-crops", "val")).figures()
    assert figures["exact_on_labelled_boxes"] >= 0.93
    assert figures["exact"] >= 0.96


def test_street_photographs_in_other_light_and_scale(
    reader: lpr.Reader, street: dict[str, Any], shared_data: Path
) -> None:
    pictures = read_labels(shared_data / "taiwan-scenes", "val")
    figures = evaluate(reader, pictures, stress=True).figures()
    assert figures["found"] >= street["found"] - 0.05
    assert figures["exact"] >= street["exact"] - 0.05


def test_confidences_mean_what_they_say(street: dict[str, Any]) -> None:
    assert street["calibration_error"] <= 0.03
    assert street["character_calibration_error"] <= 0.01


def test_plates_of_other_continents_are_found_and_read(shared_data: Path) -> None:
    with lpr.load(backend="cpu", regions="any") as reader:
        figures = evaluate(reader, read_labels(shared_data / "openalpr-endtoend")).figures()
    assert figures["found"] >= 0.93
    assert figures["exact"] >= 0.70


def test_the_larger_model_reads_more(shared_data: Path) -> None:
    if "tw-accurate" not in installed_models():
        pytest.skip("lpr-model-tw-accurate is not installed")
    with lpr.load("tw-accurate", backend="cpu", regions="any") as reader:
        abroad = evaluate(reader, read_labels(shared_data / "openalpr-endtoend")).figures()
    with lpr.load("tw-accurate", backend="cpu") as reader:
        street = evaluate(reader, read_labels(shared_data / "taiwan-scenes", "val")).figures()
    assert abroad["exact"] >= 0.80
    assert street["exact"] >= 0.98
    assert street["found_wide"] >= 0.96


def test_the_road_video(shared_data: Path) -> None:
    """A toll gate in Vietnam: three vehicles come to it, others pass far away."""
    video = shared_data / "road-video" / "cars.mp4"
    if not video.is_file():
        pytest.skip(f"the road video is not here: no {video}")
    sightings = [s for s in lpr.watch(str(video), regions="any") if isinstance(s, lpr.Sighting)]
    assert [s.plate.text for s in sightings] == ["34A36837", "34A23126", "89C20339"]
