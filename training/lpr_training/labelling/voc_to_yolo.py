"""Converts Pascal VOC labels to those of Darknet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import SourceError
from lpr.types import Box
from lpr_training.labelling.files import write_text
from lpr_training.labelling.formats import voc_files
from lpr_training.labelling.pictures import size_of
from lpr_training.labelling.selection import Selection
from lpr_training.labelling.settle import AS_STATED, Settling, settle
from lpr_training.labelling.values import LabelledImage, Size
from lpr_training.labelling.voc import read_voc
from lpr_training.labelling.yolo import CLASSES


@dataclass(frozen=True, slots=True)
class Converted:
    """The label files to write (relative paths and contents), the classes in the order of their
    numbers, the numbers of boxes by class, those left out or clipped, and the label files left out
    because all of their boxes are difficult."""

    files: dict[Path, str]
    classes: tuple[str, ...]
    boxes: Counter[str]
    selection: Selection
    only_difficult: list[Path] = field(default_factory=list)


def fractions(box: Box, size: Size) -> tuple[float, float, float, float]:
    """Centre and size of a box as fractions of the picture's width and height.

    ``x = (xmin + (xmax - xmin) / 2) / width``, ``w = (xmax - xmin) / width``, and likewise for the
    height. (Darknet's ``scripts/voc_label.py`` subtracts 1 from the centre, because the Pascal VOC
    challenge counts pixels from 1; today's labelling programs count from 0.)
    """
    width, height = size
    x, y = box.center
    return x / width, y / height, box.width / width, box.height / height


def convert(
    labels: Path,
    classes: Sequence[str] = (),
    one_class: str | None = None,
    clip: bool = False,
    how: Settling = AS_STATED,
) -> Converted:
    """The YOLO labels of a folder of Pascal VOC files; nothing is written yet.

    Only ``classes`` are converted, numbered in their order; by default all, sorted by name.
    ``one_class`` merges them into one class of that name. Difficult boxes and those of zero area
    are left out; so are pictures whose boxes are all difficult, which would become negatives.
    Raises :class:`SourceError` for a picture of unknown size and, unless ``clip``,
    for a box that extends beyond its picture.
    """
    files = voc_files(labels)
    if not files:
        raise SourceError(f"{labels}: holds no Pascal VOC files (.xml); check the name")
    images = settle(read_voc(files), how)
    names = tuple(dict.fromkeys(classes)) or _all_names(images)
    numbers = dict.fromkeys(names, 0) if one_class else {n: i for i, n in enumerate(names)}
    root = labels if labels.is_dir() else labels.parent
    selection = Selection(names, clip)
    result = Converted({}, (one_class,) if one_class else names, Counter(), selection)
    for image in tqdm(images, unit=" label", disable=None):
        lines = []
        size = size_of(image)
        boxes = list(selection.boxes(replace(image, size=size)))
        if not boxes and any(each.difficult for each in image.boxes):
            result.only_difficult.append(image.labels)
            continue
        for labelled in boxes:
            result.boxes[labelled.name] += 1
            values = " ".join(f"{value:.8f}" for value in fractions(labelled.box, size))
            lines.append(f"{numbers[labelled.name]} {values}\n")
        result.files[image.labels.relative_to(root).with_suffix(".txt")] = "".join(lines)
    return result


def write(converted: Converted, out: Path) -> None:
    """Write the label files and ``classes.txt``; existing files are replaced.

    A picture without a box gets an empty file, which makes it a negative example for Darknet.
    """
    for name, content in tqdm(converted.files.items(), unit=" file", disable=None):
        write_text(out / name, content)
    write_text(out / CLASSES, "".join(f"{name}\n" for name in converted.classes))


def _all_names(images: Sequence[LabelledImage]) -> tuple[str, ...]:
    return tuple(sorted({labelled.name for image in images for labelled in image.boxes}))
