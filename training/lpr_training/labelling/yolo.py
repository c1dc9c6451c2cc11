"""YOLO labels as Darknet reads them: a text file for each picture, a line for each box.

A line is ``class x y width height``: the class's number from 0, the box's centre and its size as
fractions of the picture's width and height.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import SourceError
from lpr.types import Box
from lpr_training.labelling.pictures import Finder, size_of
from lpr_training.labelling.values import LabelledBox, LabelledImage, Size

CLASSES = "classes.txt"
"""The file beside the labels with the names of the classes by number, one per line."""

LISTS = frozenset({"train.txt", "valid.txt", "test.txt"})
"""Lists of pictures beside the labels."""


def is_yolo(file: Path) -> bool:
    """Whether a file holds labels, by its name."""
    return file.suffix == ".txt" and file.name != CLASSES and file.name not in LISTS


def read_yolo(files: Sequence[Path], folder: Path) -> list[LabelledImage]:
    """The labels of text files in ``folder``, in order.

    Boxes are fractions of the pictures, so these must exist. Names come from
    :func:`read_classes`; without them class 0 is called ``0``. Raises :class:`SourceError` for a
    malformed line and for a label without a picture.
    """
    finder = Finder()
    names = read_classes(folder)
    return [_read(file, finder, names) for file in tqdm(files, unit=" label", disable=None)]


def read_classes(folder: Path) -> list[str] | None:
    """The names in the ``classes.txt`` of a set: in ``folder``, in its ``labels/`` or above it."""
    for place in (folder, folder / "labels", folder.parent):
        file = place / CLASSES
        if file.is_file():
            return [line.strip() for line in _lines(file) if line.strip()]
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read ({error})") from error


def _read(file: Path, finder: Finder, names: list[str] | None) -> LabelledImage:
    size = size_of(LabelledImage(file, finder.find(file), None, ()))
    boxes = []
    for number, line in enumerate(_lines(file), start=1):
        if line.strip():
            try:
                boxes.append(_box(line.split(), size, names))
            except ValueError as error:
                raise SourceError(f"{file}:{number}: no YOLO label ({error})") from error
    return LabelledImage(file, finder.find(file), size, tuple(boxes))


def _box(parts: list[str], size: Size, names: list[str] | None) -> LabelledBox:
    if len(parts) != 5:
        raise ValueError(f"{len(parts)} values instead of class, x, y, width, height")
    index = int(parts[0])
    if index < 0 or (names is not None and index >= len(names)):
        known = "" if names is None else f"; {CLASSES} names {len(names)}"
        raise ValueError(f"there is no class {index}{known}")
    x, y, width, height = map(float, parts[1:])
    # Darknet's own converter may put the centre of a box at the edge up to a pixel outside.
    is_centred = -1 / size[0] <= x <= 1 and -1 / size[1] <= y <= 1
    if not (is_centred and 0 <= width <= 1 and 0 <= height <= 1):
        raise ValueError(f"{' '.join(parts[1:])} are no fractions of the picture, 0 to 1")
    x0, x1 = (side * size[0] for side in (x - width / 2, x + width / 2))
    y0, y1 = (side * size[1] for side in (y - height / 2, y + height / 2))
    return LabelledBox(Box(x0, y0, x1, y1), str(index) if names is None else names[index])
