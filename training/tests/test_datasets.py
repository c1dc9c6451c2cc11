from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lpr.errors import SourceError
from lpr.types import Box
from lpr_training.augmentation.geometric import shift, zoom
from lpr_training.datasets.pyramid import Pyramid
from lpr_training.datasets.sets import LabelledSet, split_pictures

VOC = """<annotation><object><name>plate</name><bndbox>
<xmin>305</xmin><ymin>242</ymin><xmax>354</xmax><ymax>256</ymax></bndbox></object></annotation>"""


def test_voc_files_become_labelled_pictures_without_texts(tmp_path: Path) -> None:
    (tmp_path / "b.xml").write_text(VOC)
    (tmp_path / "a.xml").write_text("<annotation/>")
    for name in "ab":
        (tmp_path / f"{name}.jpg").touch()
    (first, second), _ = LabelledSet(str(tmp_path), held_out=False).split()
    assert first.path == tmp_path / "a.jpg"
    assert first.plates == ()
    assert [plate.box for plate in second.plates] == [Box(305, 242, 354, 256)]
    assert second.plates[0].text is None


@pytest.mark.parametrize("content", ["<annotation>", VOC.replace("305", "wide")])
def test_a_damaged_voc_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.xml").write_text(content)
    with pytest.raises(SourceError, match=r"odd\.xml"):
        split_pictures(tmp_path)


def test_labels_without_a_picture_are_named(tmp_path: Path) -> None:
    (tmp_path / "b.xml").write_text(VOC)
    with pytest.raises(SourceError, match=r"b\.xml: labels a picture that is not there"):
        split_pictures(tmp_path)


def test_a_folder_without_labels_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no labels"):
        split_pictures(tmp_path)


def test_drawing_at_full_size_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    canvas = np.zeros_like(image)
    Pyramid(image).draw(np.eye(3), canvas)
    assert np.array_equal(canvas, image)


@pytest.mark.parametrize("factor", [1 / 2, 1 / 4, 1 / 8])
def test_shrinking_takes_means(factor: float) -> None:
    """A fine chequerboard becomes grey, not the black or white of single pixels."""
    board = np.indices((64, 64)).sum(0) % 2 * 255
    image = np.repeat(board[:, :, None], 3, axis=2).astype(np.uint8)
    canvas = np.zeros((int(64 * factor), int(64 * factor), 3), np.uint8)
    Pyramid(image).draw(zoom(factor, factor), canvas)
    assert np.abs(canvas.astype(int) - 128).max() <= 1


@pytest.mark.parametrize("scale", [0.2, 0.45, 1.0, 2.5])
def test_a_shape_lies_where_its_corners_are_sent(scale: float) -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    image[40:80, 60:120] = 255
    canvas = np.zeros((320, 420, 3), np.uint8)
    Pyramid(image).draw(shift(7, 4) @ zoom(scale, scale), canvas)
    rows, columns = np.nonzero(canvas[:, :, 0] > 127)
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    expected = np.array([60, 40, 120, 80]) * scale + [7, 4, 7, 4]
    assert np.abs(seen - expected).max() <= 1


def test_what_a_picture_does_not_cover_is_kept() -> None:
    canvas = np.full((20, 20, 3), 7, np.uint8)
    Pyramid(np.full((10, 10, 3), 200, np.uint8)).draw(np.eye(3), canvas)
    assert (canvas[:9, :9] == 200).all()
    assert (canvas[11:] == 7).all()
