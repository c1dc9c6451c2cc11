"""Failing inputs of users and of other projects: each row of ``cases/index.csv`` by its kind."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpr.darknet.cfg import parse, read_cfg
from lpr.errors import ModelError
from tests.cli.run import ROOT, Result
from tests.cli.run import lpr as bare
from tests.samples import DETECTOR_SPEC

_DATA = Path(os.environ.get("LPR_DATA", ROOT.parent / "shared" / "data"))
CASES = _DATA.parent / "cases"
INDEX = CASES / "index.csv"
ROWS = list(csv.DictReader(INDEX.open(encoding="utf-8"))) if INDEX.is_file() else []

pytestmark = pytest.mark.skipif(not ROWS, reason="the failing inputs are not on this machine")


def lpr(*arguments: object, cwd: Path | None = None) -> Result:
    return bare(*arguments, cwd=cwd, LPR_LOAD_PLUGINS="lpr_training,onnx")


def copied(row: str, folder: Path) -> Path:
    """The row's folder where a command may write."""
    target = folder / Path(row).name
    shutil.copytree(CASES / row, target)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def table(folder: Path, *options: object) -> Result:
    out = folder / "table.csv"
    return lpr("data", "table", folder, "--out", out, "--dev", 0, "--val", 0, *options)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "table.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def label_size(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    result = table(folder)
    assert result.status
    for labels in folder.glob("*.xml"):
        assert labels.name in result.stderr
    assert table(folder, "--stated-size", "scale").status == 0
    assert rows_of(folder)


def label_exif(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    assert table(folder).status == 0
    figures = json.loads(lpr("eval", folder / "table.csv", "--json").stdout)
    assert (figures["plates"], figures["found"]) == (3, 1.0)


def class_as_text(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    result = table(folder)
    assert result.status
    assert "--class" in result.stderr
    assert table(folder, "--class", "plate").status == 0
    assert not [row for row in rows_of(folder) if "VEHICLE" in row["text"].upper()]


def export_layout(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    result = lpr("data", "table", folder, "--out", folder / "table.csv", "--class", "plate")
    assert result.status == 0, result.stderr
    splits = [row["split"] for row in rows_of(folder)]
    assert len(splits) == 8
    assert {"train", "dev", "val"} == set(splits)


def class_names(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    result = table(folder, "--class", "plate")
    assert result.status == 0, result.stderr
    assert rows_of(folder)


def coco_paths(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    assert table(folder).status == 0
    picture = next((folder / "images").iterdir())
    picture.unlink()
    (folder / "table.csv").unlink()
    result = table(folder)
    assert result.status
    assert picture.name in result.stderr


def yolo_rounding(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    result = table(folder)
    assert result.status == 0, result.stderr
    assert rows_of(folder)


def difficult(name: str, tmp: Path) -> None:
    folder = copied(name, tmp)
    assert table(folder).status == 0
    figures = json.loads(lpr("eval", folder / "table.csv", "--json").stdout)
    plain = [row for row in rows_of(folder) if not row.get("difficult")]
    assert figures["plates"] == len([row for row in plain if row["xmin"]])
    assert figures["false_readings"] == 0


def darknet_reads(name: str, tmp: Path) -> None:
    from lpr.runtimes.opencv import detector_runtimes
    from lpr.specs import DetectorModel

    path = CASES / name
    cfg = read_cfg(path)
    folder = path.parent
    if (folder / "base.weights").is_file():
        spec = replace(DETECTOR_SPEC, width=cfg.net.width, height=cfg.net.height)
        model = DetectorModel(path, folder / "base.weights", spec)
        network = detector_runtimes()[0].open(model, 1)
        (head,) = network.forward(np.load(folder / "input.npy"))
        np.testing.assert_allclose(head, np.load(folder / "expected_head.npy"), atol=1e-4)
        network.close()


def cfg_advice(name: str, tmp: Path) -> None:
    with pytest.raises(ModelError) as error:
        read_cfg(CASES / name)
    assert "not supported" in str(error.value)
    assert "take it out" not in str(error.value)


def cfg_hang(name: str, tmp: Path) -> None:
    began = time.process_time()
    with pytest.raises(ModelError, match=r"section \d+ \[") as error:
        parse((CASES / name).read_text(), name).check_size(320, 240)
    assert len(str(error.value)) < 500
    assert time.process_time() - began < 1


def overlay(name: str, tmp: Path) -> None:
    result = lpr("watch", CASES / name)
    texts = {record["text"] for record in result.records if record["type"] == "sighting"}
    still = "still" in Path(name).name
    assert texts == (set() if still else {"EZU1279", "541DJK", "KKD7656"})


def tight_plate(name: str, tmp: Path) -> None:
    wrong = []
    for picture in sorted((CASES / name).glob("*.jpg")):
        (text,) = [part for part in picture.stem.split("_")[:1] if "-" not in part] or [
            picture.stem.rsplit("-", 1)[1]
        ]
        plates = lpr("detect", picture).records[0]["plates"]
        if [plate["text"] for plate in plates] != [text]:
            wrong.append((picture.name, [plate["text"] for plate in plates]))
    assert not wrong


def password(name: str, tmp: Path) -> None:
    secret = "s3cretXY"
    command = [sys.executable, "-m", "lpr", "watch", "--stall", "0.5", "--output", str(tmp / "out")]
    for address in (CASES / name).read_text().split():
        # Nothing answers there, so the watch tries again until it is interrupted.
        with subprocess.Popen([*command, address], stderr=subprocess.PIPE, cwd=tmp) as run:
            assert run.stderr is not None
            # The model's line, then the first failure, which names the address.
            errors = run.stderr.readline() + run.stderr.readline()
            run.terminate()
            errors += run.communicate(timeout=30)[1]
        written = [path.name + path.read_text() for path in tmp.iterdir() if path.is_file()]
        assert secret not in errors.decode() + "".join(written)
        assert b"127.0.0.1" in errors


def edge_cut(name: str, tmp: Path) -> None:
    for part in name.split(","):
        picture = CASES / part.strip()
        (plate,) = lpr("detect", picture).records[0]["plates"]
        assert plate["cut"] in (["left"], ["right"])
        assert plate["display"] is None
        assert plate["confidence"] < 0.9
        assert not lpr("detect", picture, "--max-error", 0.05).records[0]["plates"]


def video_sniffing(name: str, tmp: Path) -> None:
    result = lpr("watch", CASES / name)
    assert sum(record["type"] == "sighting" for record in result.records) == 3


def label_overflow(name: str, tmp: Path) -> None:
    for part in name.split(","):
        file = CASES / part.strip()
        folder = tmp / file.parent.name
        shutil.copytree(file.parent, folder)
        result = lpr("data", "table", folder, "--out", tmp / "x.csv")
        lines = [line for line in result.stderr.splitlines() if line.startswith("lpr: ")]
        assert result.status
        assert len(lines) == 1
        assert file.name in lines[0]


def toml_overflow(name: str, tmp: Path) -> None:
    result = lpr("models", "verify", (CASES / name).parent)
    assert result.status
    assert "model.toml" in result.stdout + result.stderr
    assert "5000 digits" in result.stdout + result.stderr


KINDS: dict[str, Callable[[str, Path], None]] = {
    "label-size": label_size,
    "label-exif": label_exif,
    "class-as-text": class_as_text,
    "export-layout": export_layout,
    "class-names": class_names,
    "coco-paths": coco_paths,
    "yolo-rounding": yolo_rounding,
    "difficult": difficult,
    "cfg-duplicate": darknet_reads,
    "cfg-num": darknet_reads,
    "cfg-training-key": darknet_reads,
    "cfg-alias": darknet_reads,
    "cfg-default": darknet_reads,
    "(control)": darknet_reads,
    "cfg-advice": cfg_advice,
    "cfg-hang": cfg_hang,
    "overlay": overlay,
    "tight-plate": tight_plate,
    "password": password,
    "edge-cut": edge_cut,
    "video-sniffing": video_sniffing,
    "label-overflow": label_overflow,
    "toml-overflow": toml_overflow,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_case(row: dict[str, Any], tmp_path: Path) -> None:
    check = KINDS.get(row["kind"])
    assert check is not None, f"{row['file']}: there is no check of the kind {row['kind']}"
    check(row["file"], tmp_path)
