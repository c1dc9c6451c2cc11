from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lpr.errors import OutputError
from lpr.source import open_source
from lpr_training.synth.shipped import VIDEO, write_samples
from lpr_training.synth.video.recipe import video_recipe

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
RECIPE = video_recipe(VIDEO)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "new"
    write_samples(folder)
    return folder


def test_the_shipped_samples_are_what_the_renderer_writes(written: Path) -> None:
    for name in ("street.json", "stills.json"):
        assert json.loads((written / name).read_text()) == json.loads((SAMPLES / name).read_text())
    for name in ("car.jpg", "motorcycle.jpg"):
        ours, theirs = (cv2.imread(str(folder / name)) for folder in (written, SAMPLES))
        assert ours is not None
        assert theirs is not None
        assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_the_clip_can_be_read_and_is_small(written: Path) -> None:
    file = written / "street.mp4"
    assert file.stat().st_size < 500_000
    with open_source(str(file)) as video:
        frames = list(video)
    assert len(frames) == RECIPE.frames == 48
    assert (frames[0].width, frames[0].height) == (RECIPE.width, RECIPE.height)


def test_each_plate_can_be_read_for_a_while() -> None:
    truth = json.loads((SAMPLES / "street.json").read_text())
    assert {each["text"] for each in truth["passes"]} == {"EZU1279", "541DJK", "KKD7656"}
    assert all(each["legible"] >= 15 for each in truth["passes"])
    stills = json.loads((SAMPLES / "stills.json").read_text())["stills"]
    assert {name: plates[0]["text"] for name, plates in stills.items()} == {
        "car.jpg": "BGT6175",
        "motorcycle.jpg": "382KLN",
    }


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write the samples"):
        write_samples(tmp_path / "file" / "samples")
