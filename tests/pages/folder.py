"""The folder in which a page's blocks run, with the files that the pages name.

``car.jpg``, ``motorcycle.jpg``, ``street.mp4`` and ``samples/`` are the shipped samples;
``photos/`` holds pictures with Pascal VOC files, ``more/`` a PNG, ``FOLDER/`` and
``DATA/taiwan-scenes/`` pictures with a ``labels.csv``. ``theirs.jsonl`` holds another system's
records of them, ``my.cfg`` is a Darknet cfg with nine anchors.
"""

from __future__ import annotations

import csv
import functools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from lpr.source import open_source

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = REPOSITORY / "samples"
_CFG = REPOSITORY / "training" / "lpr_training" / "recipes" / "yolov3_1_cls.cfg"
_STEP = 4
"""Every fourth frame of the clip becomes a picture of the sets."""

Labelled = list[tuple[str, list[dict[str, Any]]]]


class Folder:
    """Created when first needed; Python code runs in it and can import its modules."""

    @functools.cached_property
    def path(self) -> Path:
        """The filled folder."""
        path = Path(tempfile.mkdtemp(prefix="lpr-page-"))
        _fill(path)
        return path

    @contextmanager
    def entered(self) -> Iterator[Path]:
        """Make it the working directory, with importable modules."""
        before = Path.cwd()
        os.chdir(self.path)
        sys.path.insert(0, str(self.path))
        try:
            yield self.path
        finally:
            sys.path.remove(str(self.path))
            os.chdir(before)

    def close(self) -> None:
        """Remove the folder and unload its modules."""
        if "path" in vars(self):
            for name, module in list(sys.modules.items()):
                if str(getattr(module, "__file__", None) or "").startswith(f"{self.path}{os.sep}"):
                    del sys.modules[name]
            shutil.rmtree(self.path)


def _fill(path: Path) -> None:
    shutil.copytree(SAMPLES, path / "samples")
    for sample in ("car.jpg", "motorcycle.jpg", "street.mp4"):
        shutil.copy(SAMPLES / sample, path)
    (path / "more").mkdir()
    cv2.imwrite(str(path / "more" / "car.png"), cv2.imread(str(SAMPLES / "car.jpg")))
    shutil.copy(_CFG, path / "my.cfg")
    labelled = _photos(path / "photos")
    for folder, split in ((path / "FOLDER", "val"), (path / "DATA" / "taiwan-scenes", "train")):
        shutil.copytree(path / "photos", folder / "images", ignore=lambda _, n: _xml(n))
        _write_labels(folder / "labels.csv", labelled, split)
    (path / "theirs.jsonl").write_text(
        "".join(json.dumps({"source": name, "plates": plates}) + "\n" for name, plates in labelled)
    )


def _xml(names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".xml")]


def _photos(folder: Path) -> Labelled:
    """Write frames of the clip, each with a Pascal VOC file; return their plates."""
    folder.mkdir()
    frames = _plates_by_frame()
    with open_source(str(SAMPLES / "street.mp4")) as video:
        images = [frame.image for frame in video]
    labelled = []
    for number, (image, plates) in enumerate(zip(images, frames, strict=False)):
        if number % _STEP == 0:
            name = f"street_{number:02}.jpg"
            cv2.imwrite(str(folder / name), image)
            (folder / name).with_suffix(".xml").write_text(_voc(name, image.shape, plates))
            labelled.append((name, plates))
    return labelled


def _plates_by_frame() -> list[list[dict[str, Any]]]:
    truth = json.loads((SAMPLES / "street.json").read_text())
    frames: list[list[dict[str, Any]]] = [[] for _ in range(truth["video"]["frames"])]
    for each in truth["passes"]:
        for number, *box, visible in each["boxes"]:
            if visible > 0.95:
                frames[number].append({"text": each["text"], "box": box})
    return frames


def _voc(name: str, shape: tuple[int, ...], plates: list[dict[str, Any]]) -> str:
    height, width = shape[:2]
    objects = "".join(
        "<object><name>plate</name><bndbox>"
        + "".join(f"<{key}>{value}</{key}>" for key, value in _corners(plate))
        + "</bndbox></object>"
        for plate in plates
    )
    return (
        f"<annotation><filename>{name}</filename><size><width>{width}</width>"
        f"<height>{height}</height></size>{objects}</annotation>"
    )


def _corners(plate: dict[str, Any]) -> Iterator[tuple[str, float]]:
    return zip(("xmin", "ymin", "xmax", "ymax"), plate["box"], strict=True)


def _write_labels(path: Path, labelled: Labelled, split: str) -> None:
    columns = ("file", "xmin", "ymin", "xmax", "ymax", "text", "split")
    with path.open("w", newline="") as stream:
        rows = csv.DictWriter(stream, columns)
        rows.writeheader()
        for name, plates in labelled:
            for plate in plates:
                text = {"file": name, "text": plate["text"], "split": split}
                rows.writerow({**text, **dict(_corners(plate))})
