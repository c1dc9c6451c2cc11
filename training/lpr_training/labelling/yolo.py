"""YOLO labels as Darknet reads them: a text file for each picture, a line for each box.

A line is ``class x y width height``: the class's number from 0, the box's centre and its size as
fractions of the picture's width and height. A line ``class x1 y1 x2 y2 x3 y3 ...`` is a polygon,
which counts as its box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import SourceError
from lpr.types import Box
from lpr_training.labelling.pictures import Finder
from lpr_training.labelling.values import UNIT, LabelledBox, LabelledImage

CLASSES = "classes.txt"
"""The file beside the labels with the names of the classes by number, one per line."""

LISTS = frozenset({"train.txt", "valid.txt", "test.txt", "val.txt"})
"""Lists of pictures beside the labels."""

_NAMES = "*.names"  # Darknet's and CVAT's lists of the classes
_YAML = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")  # Roboflow's and Ultralytics'
_LABEL = re.compile(r"\s*(\d+\s+[-+.\d]|$)")
_POLYGON = 7  # Values of a polygon of three points
_BEYOND = 0.5  # A fraction farther than this beyond the picture is none: pixels, or percent


def is_yolo(file: Path) -> bool:
    """Whether a file may hold labels, by its name."""
    return file.suffix == ".txt" and file.name != CLASSES and file.name not in LISTS


def read_yolo(files: Sequence[Path], folder: Path) -> list[LabelledImage]:
    """The labels of text files in ``folder``, in order, with boxes as fractions (:data:`UNIT`).

    Their pictures must exist. A text without a picture that does
    not look like labels, such as a README, is left out. Names come from :func:`read_classes`;
    without them class 0 is called ``0``. Raises :class:`SourceError` for a malformed line and for
    a label without a picture.
    """
    finder = Finder()
    names = read_classes(folder)
    images = (_read(f, finder, names) for f in tqdm(files, unit=" label", disable=None))
    return [image for image in images if image is not None]


def read_classes(folder: Path) -> list[str] | None:
    """The names of a set's classes by number: in ``folder``, in its ``labels/`` or up to two
    folders above, from ``classes.txt``, a ``.names`` file or ``data.yaml``."""
    for place in (folder, folder / "labels", folder.parent, folder.parent.parent):
        file = place / CLASSES
        lists = [file] if file.is_file() else sorted(place.glob(_NAMES))
        if len(lists) > 1:
            words = " and ".join(each.name for each in lists)
            raise SourceError(f"{place}: {words} both name classes; keep one")
        if lists:
            return [line.strip() for line in _lines(lists[0]) if line.strip()]
        for name in _YAML:
            if (place / name).is_file() and (names := _yaml_names(place / name)):
                return names
    return None


def _yaml_names(file: Path) -> list[str] | None:
    """The ``names`` of a YAML file: a list, or names by number."""
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
        names = content.get("names") if isinstance(content, dict) else None
        if isinstance(names, dict):
            by_number = {int(number): str(name) for number, name in names.items()}
            names = [by_number[number] for number in range(len(by_number))]
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        words = " ".join(str(error).split())
        raise SourceError(f"{file}: cannot be read as YAML ({words})") from error
    except KeyError as error:
        raise SourceError(f"{file}: names holds no class {error}") from error
    return [str(name) for name in names] if isinstance(names, list) else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read ({error})") from error


def _read(file: Path, finder: Finder, names: list[str] | None) -> LabelledImage | None:
    path = finder.find(file)
    if path is None:
        if not all(map(_LABEL.match, _lines(file))):
            return None
        raise SourceError(
            f"{file}: no picture of that name lies beside it or in ../images; put it there"
        )
    boxes = []
    for number, line in enumerate(_lines(file), start=1):
        if line.strip():
            try:
                boxes.append(_box(line.split(), names))
            except ValueError as error:
                raise SourceError(f"{file}:{number}: no YOLO label ({error})") from error
    return LabelledImage(file, path, UNIT, tuple(boxes))


def _box(parts: list[str], names: list[str] | None) -> LabelledBox:
    is_polygon = len(parts) >= _POLYGON and len(parts) % 2 == 1
    if len(parts) != 5 and not is_polygon:
        raise ValueError(f"{len(parts)} values instead of class, x, y, width, height")
    index = int(parts[0])
    if index < 0 or (names is not None and index >= len(names)):
        known = "" if names is None else f"; the list of classes names {len(names)}"
        raise ValueError(f"there is no class {index}{known}")
    values = list(map(float, parts[1:]))
    if is_polygon:
        xs, ys = values[::2], values[1::2]
        corners = min(xs), min(ys), max(xs), max(ys)
    else:
        x, y, width, height = values
        corners = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        if not (width >= 0 and height >= 0):
            raise ValueError(f"the size {parts[3]} {parts[4]} is negative")
    if not all(-_BEYOND <= value <= 1 + _BEYOND for value in (*corners, *values)):
        shown = " ".join(each[:24] for each in parts[1:5])
        raise ValueError(f"{shown} are no fractions of the picture, 0 to 1")
    return LabelledBox(Box(*corners), str(index) if names is None else names[index])
