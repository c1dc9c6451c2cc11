"""One reader for every label format."""

from __future__ import annotations

from pathlib import Path

from lpr.errors import SourceError
from lpr.labels import TABLE, read_labels, table_of
from lpr_training.labelling.coco import is_coco, read_coco
from lpr_training.labelling.pictures import files_below
from lpr_training.labelling.values import LabelledBox, LabelledImage
from lpr_training.labelling.voc import read_voc
from lpr_training.labelling.yolo import is_yolo, read_yolo

SPLITS = ("train", "dev", "val")
PLATE = "plate"
"""The class of all boxes in a labels.csv."""


def read_any(path: Path, split: str | None = None) -> list[LabelledImage]:
    """The labelled pictures of a file or folder, whatever their format.

    A folder holds, in this order of precedence: a ``labels.csv``; Pascal VOC files, in it or below;
    one COCO file, in it or in its ``annotations/``; YOLO files, in it or below. ``split`` selects
    pictures of a table; no other format has splits.

    Raises :class:`SourceError` for missing or malformed labels.
    """
    if is_table(path):
        images = _read_table(path, split)
    elif split is not None:
        raise SourceError(f"{path}: has no {TABLE}, and nothing else knows the split {split!r}")
    else:
        images = _read_folder(path) if path.is_dir() else _read_file(path)
    if not images:
        raise SourceError(
            f"{path}: holds no labels; looked for a {TABLE}, Pascal VOC (.xml), COCO (.json) and "
            "YOLO (.txt)"
        )
    return images


def splits_of(path: Path) -> dict[Path, str]:
    """The split of each picture of a set that is in one of :data:`SPLITS`; empty for labels without
    splits."""
    found: dict[Path, str] = {}
    for split in SPLITS if is_table(path) else ():
        try:
            found |= {picture.path: split for picture in read_labels(path, split)}
        except SourceError:  # no picture is in it
            continue
    return found


def voc_files(path: Path) -> list[Path]:
    """The XML files in a folder and below, sorted; an XML file itself."""
    if path.suffix.lower() == ".xml" and path.is_file():
        return [path]
    return [file for file in files_below(path) if file.suffix.lower() == ".xml"]


def is_table(path: Path) -> bool:
    """Whether a folder has a ``labels.csv``, or ``path`` is such a table of any name."""
    table = table_of(path)
    return table.is_file() and table.suffix.lower() == ".csv"


def _read_file(path: Path) -> list[LabelledImage]:
    if not path.is_file():
        raise SourceError(f"{path}: no such file or folder; check the name")
    if path.suffix.lower() == ".xml":
        return read_voc([path])
    if path.suffix.lower() == ".json":
        return read_coco(path)
    if is_yolo(path):
        return read_yolo([path], path.parent)
    return []


def _read_folder(folder: Path) -> list[LabelledImage]:
    files = files_below(folder)
    voc = [file for file in files if file.suffix.lower() == ".xml"]
    if voc:
        return read_voc(voc)
    near = (folder, folder / "annotations")
    coco = [f for f in files if f.suffix == ".json" and f.parent in near and is_coco(f)]
    if len(coco) > 1:
        names = " and ".join(file.name for file in coco)
        raise SourceError(f"{folder}: holds several COCO files, {names}; name one")
    if coco:
        return read_coco(coco[0])
    return read_yolo([file for file in files if is_yolo(file)], folder)


def _read_table(path: Path, split: str | None) -> list[LabelledImage]:
    images = []
    for picture in read_labels(path, split):
        boxes = tuple(LabelledBox(plate.box, PLATE, plate.text) for plate in picture.plates)
        images.append(LabelledImage(table_of(path), picture.path, None, boxes))
    return images
