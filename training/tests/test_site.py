"""Fitting a published recognizer to a site's own crops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from lpr.errors import LprError, OutputError, SourceError  # noqa: E402
from lpr.labels import read_labels  # noqa: E402
from lpr.models import load_model  # noqa: E402
from lpr_training.datasets.plate_samples import PlateSample  # noqa: E402
from lpr_training.datasets.rendered import kept_out_recipe  # noqa: E402
from lpr_training.datasets.sets import open_sets  # noqa: E402
from lpr_training.datasets.write_rendered import write_crops  # noqa: E402
from lpr_training.publishing.fine_tuned import site_recipe, summary_lines  # noqa: E402
from lpr_training.recognizer.plates import photographed_plates  # noqa: E402

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture(scope="module")
def corrections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corrections")
    write_crops(folder, kept_out_recipe("kept-out", ["count=20", "region='br'"]))
    return folder


def site_plates(folder: Path) -> tuple[list[PlateSample], list[PlateSample]]:
    """The plates to train on and those held out."""
    plates = photographed_plates(open_sets(folder), ALPHABET)
    assert plates.train["scenes"] == plates.train["crops"]
    return plates.train["crops"], plates.dev["site"]


def test_a_fifth_is_held_out(corrections: Path) -> None:
    train, held = site_plates(corrections)
    assert (len(train), len(held)) == (16, 4)
    texts = {plate.text for picture in read_labels(corrections) for plate in picture.plates}
    assert {plate.text for plate in train + held} == texts
    # Nobody knows whether they have two lines or whose they are.
    assert {plate.looks.region for plate in train} == {-1}


def test_a_split_of_ones_own_is_kept(corrections: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(corrections / "images")
    header, *rows = (corrections / "labels.csv").read_text().splitlines()
    split = [f"{row},{'dev' if n < 2 else 'train'}" for n, row in enumerate(rows)]
    (tmp_path / "labels.csv").write_text("\n".join([f"{header},split", *split]) + "\n")
    train, held = site_plates(tmp_path)
    assert (len(train), len(held)) == (18, 2)


def test_too_few_are_refused(corrections: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(corrections / "images")
    lines = (corrections / "labels.csv").read_text().splitlines()[:5]
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(SourceError, match=r"labels\.csv: 3 plates .* too few"):
        site_plates(tmp_path)


def test_labels_that_are_there_are_kept(corrections: Path) -> None:
    labels = (corrections / "labels.csv").read_bytes()
    with pytest.raises(OutputError, match=r"labels\.csv: is there already"):
        write_crops(corrections, kept_out_recipe("kept-out", ["count=2"]))
    assert (corrections / "labels.csv").read_bytes() == labels


def test_models_that_can_be_fitted_are_named() -> None:
    light = load_model("tw-light")
    assert site_recipe(light) == "site-tw-light"
    assert site_recipe(replace(light, name="tw-light-site")) == "site-tw-light"
    with pytest.raises(LprError, match=r"cannot be fitted .* tw-accurate, tw-light can"):
        site_recipe(replace(light, name="other"))


def test_what_is_forgotten_is_said() -> None:
    before = {"site": 0.5, "rendered": 0.94, "abroad": 0.6}
    quiet = summary_lines(before, {"site": 0.8, "rendered": 0.935, "abroad": 0.61})
    assert quiet[0] == "the site's own plates: 50.0% read exactly before, 80.0% after"
    assert len(quiet) == 3
    loud = summary_lines(before, {"site": 0.8, "rendered": 0.85, "abroad": 0.61})
    assert "9.0% of the plates that it knew are lost: train for fewer steps" in loud[-1]
