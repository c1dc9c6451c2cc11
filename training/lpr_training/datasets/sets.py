"""The labelled sets that a training reads: a folder of the user's, or those that a TOML file lists.

Both take the same way: :func:`open_sets` describes a folder with a ``labels.csv`` as one set with
the defaults of :class:`LabelledSet`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from lpr.errors import SourceError
from lpr.labels import BOX_COLUMNS, LabelledPicture, LabelledPlate, locate, read_labels, table_of
from lpr.types import Box
from lpr.utils.toml import RecipeError, build, parse_toml
from lpr_training.labelling.classes import check_classes
from lpr_training.labelling.formats import is_table, read_any, splits_of

SHIPPED = Path(__file__).with_name("shipped-sets.toml")
"""The description of the sets that the shipped models were trained on."""

Share: TypeAlias = Literal["scenes", "dashcam", "crops"]
"""The kinds of photographs that recipes give shares of: streets, streets from a moving car, and
close-ups of single plates."""

HELD_OUT = 5
"""One picture in so many is held out where the labels name no split ``dev``."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A labelled folder, and what its labels mean.

    * ``folder`` holds labels of any format that :func:`lpr_training.labelling.formats.read_any`
      reads; it may also be the path of a table. In a TOML file it is relative to that file.
    * ``share`` is one of :data:`Share`.
    * ``held_out``: whether a part of it checks the training (:func:`split_pictures`).
    * ``region`` (a code) and ``lines`` (1 or 2) hold for all of its plates; "" and 0 if unknown.
    * ``unlabelled`` is a CSV file (``set,file,xmin,ymin,xmax,ymax``) of visible plates without a
      label: neither positives nor negatives in training, nor false detections for thresholds.
    * ``agreed_texts`` is a CSV file (with ``text`` too) of plates to train on whose texts are not
      labelled, but read alike by two recognizers, in a legal format.
    * ``complete``: every visible plate is in the labels or in ``unlabelled``, so other parts of the
      pictures serve as examples without a plate.
    * ``stressed``: detectors are checked on changed copies too (:mod:`lpr.evaluate.stress`).
    """

    folder: str
    share: Share = "scenes"
    held_out: bool = True
    region: str = ""
    lines: int = 0
    unlabelled: str = ""
    agreed_texts: str = ""
    complete: bool = False
    stressed: bool = False

    def split(self, with_text: bool = False) -> tuple[list[LabelledPicture], list[LabelledPicture]]:
        """The pictures to train on and the held-out ones, as :func:`split_pictures`."""
        path = Path(self.folder)
        if self.held_out:
            return split_pictures(path, with_text)
        splits = splits_of(path)
        return [p for p in _pictures(path) if splits.get(p.path, "train") == "train"], []

    def unlabelled_boxes(self) -> dict[str, list[Box]]:
        """The boxes of ``unlabelled``, and of plates labelled as difficult, by the pictures' file
        names."""
        boxes: dict[str, list[Box]] = defaultdict(list)
        for picture in _pictures(Path(self.folder)):
            if picture.difficult:
                boxes[picture.path.name] += picture.difficult
        for row in self._rows(self.unlabelled):
            boxes[row["file"]].append(_box(row))
        return boxes

    def agreed(self) -> list[LabelledPicture]:
        """The pictures of ``agreed_texts`` with those plates."""
        plates = defaultdict(list)
        for row in self._rows(self.agreed_texts):
            plates[row["file"]].append(LabelledPlate(_box(row), row["text"]))
        folder = Path(self.folder)
        return [LabelledPicture(locate(folder, name), tuple(p)) for name, p in plates.items()]

    def _rows(self, file: str) -> Iterator[dict[str, str]]:
        """The rows of a CSV file that are about this set."""
        if file:
            with Path(file).open(newline="", encoding="utf-8") as stream:
                names = Path(self.folder).parts
                yield from (row for row in csv.DictReader(stream) if row["set"] in names)


@dataclass(frozen=True, slots=True)
class DataSets:
    """All sets of a training.

    ``site``: whether they are a user's, to which a published model may be fitted. ``name`` is their
    file or folder, for messages.
    """

    sets: tuple[LabelledSet, ...]
    site: bool = True
    name: str = ""

    def held_out(self) -> list[LabelledPicture]:
        """The held-out pictures of all sets."""
        return [picture for each in self.sets for picture in each.split()[1]]

    def unlabelled_boxes(self) -> dict[str, list[Box]]:
        """Those of the sets of which a part is held out, by the pictures' file names."""
        boxes = [each.unlabelled_boxes() for each in self.sets if each.held_out]
        return {name: rest for each in boxes for name, rest in each.items()}


def open_sets(root: Path) -> DataSets:
    """The sets of ``root``: a folder with a ``labels.csv``, such a table, a TOML file that lists
    sets (:class:`DataSets`, :class:`LabelledSet`), or the folder of the shipped recipes' sets.

    Raises :class:`lpr.errors.SourceError` for anything else, and
    :class:`lpr.utils.toml.RecipeError` for a malformed TOML file.
    """
    if is_table(root):
        return DataSets((LabelledSet(str(root)),), name=str(table_of(root)))
    if root.suffix == ".toml" and root.is_file():
        return _described(root, root.parent)
    shipped = _described(SHIPPED, root)
    if not Path(shipped.sets[0].folder).is_dir():
        raise _no_table(root, ", nor the sets that the shipped recipes train on")
    return replace(shipped, name=str(root))


def check_table(root: Path) -> None:
    """Raise :class:`lpr.errors.SourceError` where ``root`` is neither a folder with a
    ``labels.csv`` nor a table."""
    if not is_table(root):
        raise _no_table(root)


def _no_table(root: Path, nor: str = "") -> SourceError:
    return SourceError(
        f"{root}: holds no labels.csv{nor}; make one of labels of any format by: "
        f"lpr data table {root} --out {root / 'labels.csv'}"
    )


def split_pictures(
    root: Path, with_text: bool = False
) -> tuple[list[LabelledPicture], list[LabelledPicture]]:
    """The pictures to train on and those to check by, none of them in the split ``val``.

    The former are the split ``train``, or without one all that are in neither ``dev`` nor ``val``;
    the latter are ``dev``, or without one every fifth of the former. ``with_text`` omits pictures
    without a text. Raises :class:`lpr.errors.SourceError` for malformed labels.
    """
    pictures = {
        picture.path: picture
        for picture in _pictures(root)
        if not with_text or any(plate.text for plate in picture.plates)
    }
    splits = splits_of(root)
    train = [p for path, p in pictures.items() if splits.get(path) == "train"] or [
        p for path, p in pictures.items() if path not in splits
    ]
    if dev := [p for path, p in pictures.items() if splits.get(path) == "dev"]:
        return train, dev
    return [p for number, p in enumerate(train) if number % HELD_OUT], train[::HELD_OUT]


def _pictures(path: Path) -> list[LabelledPicture]:
    if is_table(path):
        return read_labels(path)
    pictures = []
    images = read_any(path)
    check_classes(path, images)
    for image in images:
        if image.path is None:
            raise image.missing()
        plates = tuple(LabelledPlate(b.box, b.text) for b in image.boxes if not b.difficult)
        difficult = tuple(b.box for b in image.boxes if b.difficult)
        pictures.append(LabelledPicture(image.path, plates, difficult))
    return pictures


def _described(file: Path, below: Path) -> DataSets:
    """The sets that a TOML file lists, by their folders in ``below``."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise RecipeError(f"{file}: {error}") from error
    table = parse_toml(text, str(file))
    described = build(DataSets, table, str(file))
    if not any(each.held_out for each in described.sets):
        raise RecipeError(f"{file}: no set is held_out, so nothing would check the training")

    def beside(name: str) -> str:
        return name and str(file.parent / name)

    sets = tuple(
        replace(
            each,
            folder=str(below / each.folder),
            unlabelled=beside(each.unlabelled),
            agreed_texts=beside(each.agreed_texts),
        )
        for each in described.sets
    )
    return replace(described, sets=sets, name=str(file))


def _box(row: dict[str, str]) -> Box:
    return Box(*(float(row[key]) for key in BOX_COLUMNS))
