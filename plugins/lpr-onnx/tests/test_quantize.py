"""``lpr quantize``: what it makes of the shipped model, and when it refuses to."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("lpr_onnx", reason="lpr-onnx is not installed")

import lpr
import lpr_onnx_quantize
from lpr.labels import read_labels
from lpr.models import load_model, read_tables, write_model
from lpr.source import open_source
from lpr_onnx_quantize import quantize
from tests.cli.run import SAMPLES
from tests.cli.run import lpr as run

ONNX = {"LPR_LOAD_PLUGINS": "onnx"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped pictures with what tw-light reads in them as labels, in both splits."""
    folder = tmp_path_factory.mktemp("labelled")
    with lpr.load() as reader, (folder / "labels.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "xmin", "ymin", "xmax", "ymax", "text", "split"])
        for file in sorted(SAMPLES.glob("*.jpg")):
            with open_source(file) as source:
                image = next(iter(source)).image
            for split in ("train", "dev"):
                name = f"{split}-{file.name}"
                shutil.copy(file, folder / name)
                rows.writerows([name, *p.box, p.text, split] for p in reader.read(image))
    return folder


@pytest.fixture(scope="module")
def quantized(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "small"
    result = run("quantize", "tw-light", "--calibrate", folder, "--out", out, **ONNX)
    assert result.status == 0, result.stderr
    figures = dict(line.split("\t", 1) for line in result.stdout.splitlines())
    before, after = figures["texts_wrong"].split("\t")
    assert int(after) - int(before) <= 1
    return out


def test_it_is_a_model_of_a_quarter_the_size(quantized: Path) -> None:
    model, source = load_model(str(quantized)), load_model("tw-light")
    assert model.name == "tw-light-int8"
    assert model.regions == source.regions
    assert (model.detector.precision, model.recognizer.precision) == ("int8", "int8")
    assert model.detector.spec == source.detector.spec
    assert model.detector.weights.stat().st_size < 0.3 * source.detector.weights.stat().st_size
    assert model.recognizer.file.stat().st_size < 0.3 * source.recognizer.file.stat().st_size


def test_it_reads_what_the_source_reads(quantized: Path) -> None:
    for picture in sorted(SAMPLES.glob("*.jpg")):
        results = run("detect", picture, "--model", quantized, **ONNX)
        assert "onnxruntime on cpu, int8, 384x384; recognizer: onnxruntime on cpu, int8" in (
            results.stderr
        )
        texts = {plate["text"] for plate in results.records[0]["plates"]}
        right = {p["text"] for p in run("detect", picture).records[0]["plates"]}
        assert texts == right


def test_inputs_of_several_shapes_calibrate_together(folder: Path, tmp_path: Path) -> None:
    """With ``resize = "fit"`` the detector's input has about the picture's proportions."""
    light = load_model("tw-light")
    source = shutil.copytree(light.folder, tmp_path / "fit")
    content = read_tables(source)
    content["detector"]["resize"] = "fit"
    write_model(source, content)
    image = cv2.imread(str(SAMPLES / "car.jpg"))
    height, width = image.shape[:2]
    parts = {
        tmp_path / "whole.png": image,
        tmp_path / "upright.png": image[:, width // 3 :],
        tmp_path / "wide.png": image[height // 3 :],
    }
    for path, part in parts.items():
        cv2.imwrite(str(path), part)
    quantize(str(source), tmp_path / "out", "fit8", list(parts), read_labels(folder, "dev"), 0)
    with lpr.load(str(tmp_path / "out"), backend="onnxruntime") as reader:
        sizes = {reader.detector.input_size(p.shape[1], p.shape[0]) for p in parts.values()}
        assert len(sizes) == 3
        for part in parts.values():
            assert "BGT6175" in [plate.text for plate in reader.read(part)]


def test_what_is_quantized_cannot_be_quantized_again(quantized: Path, folder: Path) -> None:
    result = run("quantize", quantized, "--calibrate", folder, cwd=folder, **ONNX)
    assert result.status == 1
    assert "detector.onnx: is in 8-bit integers or half precision already" in result.stderr


def test_a_name_is_a_name(folder: Path) -> None:
    result = run(
        "quantize", "tw-light", "--calibrate", folder, "--name", "../x", cwd=folder, **ONNX
    )
    assert result.status == 1
    assert "'../x' is no name for a model" in result.stderr
    assert not (folder.parent / "x").exists()


def test_what_loses_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter([{"texts": 9, "texts_wrong": 1}, {"texts": 9, "texts_wrong": 3}])
    monkeypatch.setattr(lpr_onnx_quantize, "_figures", lambda *_: next(figures))
    with pytest.raises(lpr.LprError, match="of 9 labelled texts 3 are read wrong"):
        quantize("tw-light", tmp_path / "out", "x", [SAMPLES / "car.jpg"], [], max_lost=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "no model 'nowhere'"),
        (("tw-light", "--split", "summer"), "no picture in split 'summer'"),
        (("tw-light", "--out", "."), "is there already"),
    ],
)
def test_what_cannot_be(arguments: tuple[str, ...], message: str, folder: Path) -> None:
    result = run("quantize", *arguments, "--calibrate", folder, cwd=folder, **ONNX)
    assert result.status in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_pictures_without_plates_cannot_calibrate(tmp_path: Path) -> None:

    from lpr_onnx_quantize import quantize

    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(lpr.LprError, match="no plate was found in 1 pictures to calibrate with"):
        quantize("tw-light", tmp_path / "out", "x", [tmp_path / "black.png"], [], max_lost=1)
