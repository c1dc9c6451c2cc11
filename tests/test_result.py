"""What a reader returns: a list of plates that draws and exports itself."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import supervision as sv

import lpr
from lpr.types import Box, Detection, Image, Plate, Reading
from tests.cli.run import SAMPLES
from tests.cli.run import lpr as command
from tests.samples import grey
from tests.sinks.sample import plate

CAR = str(SAMPLES / "car.jpg")


@pytest.fixture(scope="module")
def reader() -> Iterator[lpr.Reader]:
    with lpr.load() as opened:
        yield opened


@pytest.fixture(scope="module")
def result(reader: lpr.Reader) -> lpr.Result:
    return reader.read(CAR)


def test_a_result_is_a_list_of_plates(reader: lpr.Reader, result: lpr.Result) -> None:
    assert result.plates == result == list(result)
    assert [plate.text for plate in result] == ["BGT6175"]
    assert len(result) == 1
    assert result[0] in result
    assert result
    assert isinstance(result, list)
    assert type(result.plates) is list
    nothing = reader.read(grey(48, 64))
    assert nothing == []
    assert not nothing
    assert repr(nothing) == "<Result: 64 x 48 pixels: no plates>"


def test_every_way_to_give_a_picture_reads_the_same(reader: lpr.Reader, result: lpr.Result) -> None:
    image = lpr.imread(CAR)
    for given in (Path(CAR), Path(CAR).read_bytes(), image):
        assert reader.read(given) == result
    rgb = np.ascontiguousarray(image[..., ::-1])
    assert reader.read(rgb, colors="rgb") == result
    assert reader.read_batch([rgb, rgb], colors="rgb") == [result, result]
    assert reader.read_best(rgb, colors="rgb") == result[0]
    assert [d.box for d in reader.find(rgb, colors="rgb")] == [d.box for d in reader.find(CAR)]


def test_a_result_knows_its_picture(reader: lpr.Reader, result: lpr.Result) -> None:
    assert result.source == CAR
    np.testing.assert_array_equal(result.image, lpr.imread(CAR))
    image = lpr.imread(CAR)
    assert reader.read(image).image is image
    assert reader.read(image).source is None


def test_the_record_is_that_of_the_command(result: lpr.Result) -> None:
    (record,) = command("detect", CAR).records
    assert json.loads(json.dumps(result.to_dict())) == record


def test_a_saved_result_is_the_annotated_picture(tmp_path: Path, result: lpr.Result) -> None:
    result.save(tmp_path / "out.png")
    np.testing.assert_array_equal(lpr.imread(tmp_path / "out.png"), result.annotated())
    assert not np.array_equal(result.annotated(), result.image)


def test_a_result_is_not_saved_over_its_picture_or_as_anything(
    tmp_path: Path, reader: lpr.Reader
) -> None:
    path = tmp_path / "car.jpg"
    path.write_bytes(Path(CAR).read_bytes())
    with pytest.raises(lpr.OutputError, match=r"car\.jpg"):
        reader.read(path).save(path)
    with pytest.raises(lpr.OutputError, match=r"out\.gif: a picture is saved as \.jpg"):
        reader.read(path).save(tmp_path / "out.gif")
    assert path.read_bytes() == Path(CAR).read_bytes()


def test_a_crop_of_each_plate(reader: lpr.Reader, result: lpr.Result) -> None:
    (crop,) = result.crops()
    assert crop.shape[0] < crop.shape[1] < 200
    assert reader.recognize([lpr.Crop.whole(crop)])[0].text == "BGT6175"


def test_a_row_of_pandas_for_each_plate(reader: lpr.Reader, result: lpr.Result) -> None:
    table = result.to_dataframe()
    assert table.loc[0, ["source", "text", "region"]].tolist() == [CAR, "BGT6175", "tw"]
    assert table.loc[0, ["x0", "y0", "x1", "y1"]].tolist() == result[0].as_dict()["box"]
    empty = reader.read(grey(48, 64)).to_dataframe()
    assert list(empty.columns) == list(table.columns)
    assert len(pd.concat([empty, table])) == 1


def test_supervision_takes_a_result(reader: lpr.Reader, result: lpr.Result) -> None:
    found = result.to_supervision()
    np.testing.assert_allclose(found.xyxy, [result[0].box], rtol=1e-6)
    assert found["text"].tolist() == ["BGT6175"]
    assert found["text_confidence"] == pytest.approx([result[0].confidence])
    empty = reader.read(grey(48, 64)).to_supervision()
    assert len(empty) == 0
    assert len(sv.Detections.merge([empty, found])) == 1


@pytest.mark.parametrize("package", ["pandas", "supervision"])
def test_a_missing_package_is_named(
    package: str, result: lpr.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    method = result.to_dataframe if package == "pandas" else result.to_supervision
    with pytest.raises(lpr.LprError, match=f"needs {package}: pip install {package}"):
        method()


def test_a_result_travels_between_processes(result: lpr.Result) -> None:
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result), copy.copy(result)):
        assert (other, other.source) == (result, result.source)
        np.testing.assert_array_equal(other.image, result.image)


def test_the_old_name_still_works() -> None:
    with pytest.warns(DeprecationWarning, match=r"lpr\.Annotated is now lpr\.Result"):
        assert lpr.Annotated is lpr.Result  # type: ignore[attr-defined]


def pictures(html: str) -> list[Image]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [decoded(base64.b64decode(png)) for png in found]


def decoded(png: bytes) -> Image:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_the_picture_is_shown_with_its_plates_drawn() -> None:
    image = grey(48, 64)
    shown = decoded(lpr.Result(image, [plate()])._repr_png_())
    assert np.array_equal(shown, lpr.annotate(image, [plate()]))
    assert (image == 128).all()


def test_a_large_picture_is_shown_smaller() -> None:
    assert decoded(lpr.Result(grey(1000, 4000), [])._repr_png_()).shape == (240, 960, 3)


def test_a_row_for_each_plate_with_its_crop() -> None:
    html = lpr.Result(grey(48, 64), [plate(), plate("X9", None)])._repr_html_()
    assert html.count("<tr>") == 3
    for text in ("ABC-1234", "X9", "0.99", "0.94", "tw", "ABC1Z34"):
        assert text in html
    whole, *crops = pictures(html)
    assert whole.shape == (48, 64, 3)
    assert [crop.shape for crop in crops] == [(10, 39, 3)] * 2


def test_nothing_that_was_read_is_markup() -> None:
    box = Box(1, 1, 5, 5)
    named = Plate(Detection(box, box.quad, 0.9), Reading("A", 0.9), "<script>", "a&b")
    html = lpr.Result(grey(8, 8), [named])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "a&amp;b" in html


def test_a_picture_without_plates_says_so() -> None:
    html = lpr.Result(grey(8, 8), [])._repr_html_()
    assert "no plates" in html
    assert len(pictures(html)) == 1
