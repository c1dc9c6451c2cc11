from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lpr.errors import OutputError
from lpr_training.synth.clip import FRAMES, HEIGHT, WIDTH, render_clip, write_samples

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "new"
    write_samples(folder)
    return folder


def test_the_shipped_samples_are_what_the_renderer_writes(written: Path) -> None:
    shipped = json.loads((SAMPLES / "street.json").read_text(encoding="utf-8"))
    assert json.loads((written / "street.json").read_text(encoding="utf-8")) == shipped
    for name in ("car.jpg", "motorcycle.jpg"):
        ours, theirs = (cv2.imread(str(folder / name)) for folder in (written, SAMPLES))
        assert ours is not None
        assert theirs is not None
        assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_the_clip_can_be_read_and_is_small(written: Path) -> None:
    file = written / "street.mp4"
    assert file.stat().st_size < 1_500_000
    video = cv2.VideoCapture(str(file))
    frames = 0
    while video.read()[0]:
        frames += 1
    assert frames == FRAMES
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == WIDTH
    assert video.get(cv2.CAP_PROP_FRAME_HEIGHT) == HEIGHT


def test_each_plate_of_the_cast_is_to_be_seen_for_a_while(written: Path) -> None:
    truth = json.loads((written / "street.json").read_text(encoding="utf-8"))
    frames = truth["video"]["frames"]
    assert len(frames) == FRAMES
    texts = [plate["text"] for frame in frames for plate in frame]
    assert {text: texts.count(text) >= 8 for text in set(texts)} == {
        "BKR5827": True,
        "MQE3406": True,
        "7392GH": True,
    }
    widest = {p["text"]: p["box"][2] - p["box"][0] for frame in frames for p in frame}
    assert all(40 < width < 180 for width in widest.values())
    assert {name: plates[0]["text"] for name, plates in truth["stills"].items()} == {
        "car.jpg": "BGT6175",
        "motorcycle.jpg": "382KLN",
    }


def test_listed_plates_are_wholly_in_the_picture() -> None:
    for frame in render_clip():
        assert frame.image.shape == (HEIGHT, WIDTH, 3)
        for plate in frame.plates:
            assert plate.box.x0 >= 0
            assert plate.box.x1 <= WIDTH
            assert plate.box.y0 >= 0
            assert plate.box.y1 <= HEIGHT


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write the samples"):
        write_samples(tmp_path / "file" / "samples")
