"""The label files of the data sets that the shipped models were trained on."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from lpr.errors import SourceError
from lpr.labels import LabelledPicture, LabelledPlate
from lpr.types import Box
from lpr_training.labelling import voc
from lpr_training.labelling.formats import voc_files

UNLABELLED = Path(__file__).parent / "recipes" / "unlabelled.csv"


AGREED = Path(__file__).parent / "recipes" / "agreed-texts.csv"


def read_voc(folder: Path) -> list[LabelledPicture]:
    """The pictures of a folder of Pascal VOC files (``name.xml`` beside ``name.jpg``), sorted.

    Their plates have no texts. Raises :class:`SourceError` where there are none, or no pictures.
    """
    files = voc_files(folder)
    if not files:
        raise SourceError(f"{folder}: no .xml label files; check --data")
    pictures = []
    for image in voc.read_voc(files):
        if image.path is None:
            raise SourceError(f"{image.labels}: labels a picture that is not there; add it")
        plates = tuple(LabelledPlate(labelled.box, None) for labelled in image.boxes)
        pictures.append(LabelledPicture(image.path, plates))
    return pictures


def read_agreed(folder: Path) -> list[LabelledPicture]:
    """Training pictures of the set ``folder`` with plates whose texts nobody labelled, but which
    two recognizers read alike, in a legal format."""
    pictures: dict[str, list[LabelledPlate]] = defaultdict(list)
    with AGREED.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["set"] == folder.name:
                pictures[row["file"]].append(LabelledPlate(_csv_box(row), row["text"]))
    return [
        LabelledPicture(folder / "images" / name, tuple(plates))
        for name, plates in pictures.items()
    ]


def _csv_box(row: dict[str, str]) -> Box:
    return Box(*(float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")))


def read_unlabelled() -> dict[str, dict[str, list[Box]]]:
    """Plates in the pictures of ``train`` and ``dev`` that nobody labelled, by set and picture.

    They are boxes that a first detector found and that were confirmed by eye: neither positives nor
    negatives in training, and no reason to raise a threshold.
    """
    found: dict[str, dict[str, list[Box]]] = defaultdict(lambda: defaultdict(list))
    with UNLABELLED.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found[row["set"]][row["file"]].append(_csv_box(row))
    return found
