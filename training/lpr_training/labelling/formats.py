"""One reader for every label format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from lpr.errors import SourceError
from lpr.labels import TABLE, normalise, read_labels, table_of
from lpr_training.labelling.classes import find_texts
from lpr_training.labelling.coco import is_coco, read_coco
from lpr_training.labelling.pictures import files_below
from lpr_training.labelling.settle import AS_STATED, Settling, settle
from lpr_training.labelling.values import LabelledBox, LabelledImage
from lpr_training.labelling.voc import read_voc
from lpr_training.labelling.yolo import is_yolo, read_yolo

SPLITS = ("train", "dev", "val")
PLATE = "plate"
"""The class of all boxes in a labels.csv."""

Names: TypeAlias = Literal["texts", "classes"]
"""What the names of boxes are: texts of plates, or names of classes."""

_WORDS = dict.fromkeys(("train", "training"), "train")
_WORDS |= dict.fromkeys(("valid", "validation", "val", "dev"), "valid") | {"test": "test"}
_NAME = f"({'|'.join(_WORDS)})"
_FOLDER = re.compile(rf"(?:obj_)?{_NAME}(?:_data|20\d\d)?", re.IGNORECASE)
_FILE = re.compile(rf"(?:^|[-_.]){_NAME}(?:20\d\d)?(?:$|[-_.])", re.IGNORECASE)


def read_any(
    path: Path,
    split: str | None = None,
    how: Settling = AS_STATED,
    names: Names | None = None,
) -> list[LabelledImage]:
    """The labelled pictures of a file or folder, whatever their format, with boxes in pixels of
    the upright pictures.

    A folder holds, in this order of precedence: a ``labels.csv``; Pascal VOC files, in it or below;
    COCO files: one, or one for each split of an export; YOLO files, in it or below. ``split``
    selects pictures of a table, or of an export with :func:`own_splits`. ``how`` says what boxes
    mean where the labels leave it open, ``names`` whether the names of boxes are texts of plates or
    classes; by default, :func:`lpr_training.labelling.classes.find_texts` decides.

    Raises :class:`SourceError` for missing or malformed labels.
    """
    if is_table(path):
        images = _read_table(path, split)
    else:
        images = _read_folder(path) if path.is_dir() else _read_file(path)
        if split is not None:
            images = _of_split(path, images, split)
        images = settle(images, how)
        if names == "texts":
            images = [_named_by_text(image) for image in images]
        elif names is None and not any(is_yolo(image.labels) for image in images):
            images = find_texts(images)
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
    if not is_table(path):
        return {}
    for split in SPLITS:
        try:
            found |= {picture.path: split for picture in read_labels(path, split)}
        except SourceError:  # no picture is in it
            continue
    return found


def own_splits(path: Path, images: Sequence[LabelledImage]) -> dict[Path, str]:
    """The split of each picture of an export by its folders ``train``, ``valid`` and ``test``
    (also ``images/val``, ``train2017``, ``instances_Train.json``); empty if not all have one.

    The part to be reported on is ``val``: ``test`` if there is one, else ``valid``.
    """
    found: dict[Path, str] = {}
    for image in images:
        word = _split_word(path, image)
        if image.path is None or word is None:
            return {}
        found[image.path] = word
    if len(set(found.values())) < 2:
        return {}
    has_test = "test" in found.values()
    meaning = {"train": "train", "valid": "dev" if has_test else "val", "test": "val"}
    return {picture: meaning[word] for picture, word in found.items()}


def _of_split(path: Path, images: Sequence[LabelledImage], split: str) -> list[LabelledImage]:
    own = own_splits(path, images)
    if split not in own.values():
        known = ", ".join(sorted(set(own.values()))) or "none"
        raise SourceError(
            f"{path}: has no {TABLE}, and nothing else knows the split {split!r}; splits of its "
            f"folders: {known}"
        )
    return [image for image in images if image.path and own[image.path] == split]


def _split_word(path: Path, image: LabelledImage) -> str | None:
    """The split that the nearest folder or file name above a picture's labels states."""
    for file in (image.labels, image.path):
        if file is None or not file.is_relative_to(path):
            continue
        for part in reversed(file.relative_to(path).parts[:-1]):
            if match := _FOLDER.fullmatch(part):
                return _WORDS[match[1].lower()]
        if file.suffix == ".json" and (match := _FILE.search(file.stem)):
            return _WORDS[match[1].lower()]
    return None


def _named_by_text(image: LabelledImage) -> LabelledImage:
    boxes = (replace(b, text=b.text or normalise(b.name) or None) for b in image.boxes)
    return replace(image, boxes=tuple(boxes))


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
    coco, damaged = _coco_files(folder, files)
    if coco:
        return _read_coco_files(folder, coco)
    images = read_yolo([file for file in files if is_yolo(file)], folder)
    if not images and damaged:
        raise damaged
    return images


def _coco_files(folder: Path, files: Sequence[Path]) -> tuple[list[Path], SourceError | None]:
    """The COCO files of a folder, and the error of a damaged one."""
    near = {folder, folder / "annotations"}
    near |= {file.parent for file in files if _FOLDER.fullmatch(file.parent.name)}
    found: list[Path] = []
    damaged: SourceError | None = None
    for file in files:
        if file.suffix.lower() == ".json" and file.parent in near:
            try:
                found += [file] if is_coco(file) else []
            except SourceError as error:
                damaged = damaged or error
    return found, damaged


def _read_coco_files(folder: Path, files: Sequence[Path]) -> list[LabelledImage]:
    """One COCO file, or one for each split."""
    images = [image for file in files for image in read_coco(file)]
    words = {_split_word(folder, LabelledImage(file, None, None, ())) for file in files}
    if len(files) > 1 and (None in words or len(words) < len(files)):
        names = " and ".join(str(file.relative_to(folder)) for file in files)
        raise SourceError(f"{folder}: holds several COCO files, {names}; name one")
    return images


def _read_table(path: Path, split: str | None) -> list[LabelledImage]:
    images = []
    for picture in read_labels(path, split):
        boxes = tuple(LabelledBox(plate.box, PLATE, plate.text) for plate in picture.plates)
        boxes += tuple(LabelledBox(box, PLATE, difficult=True) for box in picture.difficult)
        images.append(LabelledImage(table_of(path), picture.path, None, boxes, picture.path.name))
    return images
