from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lpr.errors import SourceError
from lpr.types import Box
from lpr.utils.toml import RecipeError
from lpr_training.augmentation.geometric import shift, zoom
from lpr_training.datasets.pyramid import Pyramid
from lpr_training.datasets.sets import LabelledSet, open_sets, split_pictures
from training.tests.labels import picture

VOC = """<annotation><object><name>plate</name><bndbox>
<xmin>305</xmin><ymin>242</ymin><xmax>354</xmax><ymax>256</ymax></bndbox></object></annotation>"""


def test_voc_files_become_labelled_pictures_without_texts(tmp_path: Path) -> None:
    (tmp_path / "b.xml").write_text(VOC)
    (tmp_path / "a.xml").write_text("<annotation/>")
    for name in "ab":
        picture(tmp_path / f"{name}.jpg")
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


SETS = """
[[sets]]
folder = "streets"
region = "br"
unlabelled = "more.csv"

[[sets]]
folder = "voc"
share = "crops"
held_out = false
"""


def test_a_toml_file_lists_sets_of_any_format(tmp_path: Path) -> None:
    for name in ("streets/a.png", "streets/b.png", "voc/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture(tmp_path / name)
    (tmp_path / "streets" / "labels.csv").write_text(
        "file,split,xmin,ymin,xmax,ymax,text\na.png,train,1,2,9,8,AB12\nb.png,dev,,,,,\n"
    )
    (tmp_path / "voc" / "c.xml").write_text(VOC)
    (tmp_path / "more.csv").write_text(
        "set,file,xmin,ymin,xmax,ymax\nstreets,b.png,1,2,3,4\nother,b.png,5,6,7,8\n"
    )
    (tmp_path / "sets.toml").write_text(SETS)
    sets = open_sets(tmp_path / "sets.toml")
    streets, voc = sets.sets
    assert sets.site
    assert [[p.path.name for p in part] for part in streets.split()] == [["a.png"], ["b.png"]]
    assert [[p.path.name for p in part] for part in voc.split()] == [["c.jpg"], []]
    assert [p.path.name for p in sets.held_out()] == ["b.png"]
    assert sets.unlabelled_boxes() == {"b.png": [Box(1, 2, 3, 4)]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[sets]]\nfolder = 'x'\nshare = 'cars'", "share has to be one of scenes, dashcam, crops"),
        ("[[sets]]\nfolder = 'x'\nheld_out = false", "no set is held_out"),
        ("[[sets]]\nfile = 'x'", "unknown file"),
        ("sets = [", "sets.toml: "),
    ],
)
def test_mistakes_in_a_list_of_sets_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "sets.toml").write_text(text)
    with pytest.raises(RecipeError, match=message):
        open_sets(tmp_path / "sets.toml")


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
